"""Clean data, then a better model: who added which picture, who looked at it, and what was learned from it."""
