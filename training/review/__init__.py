"""A page for one reviewer, on their own machine: what was found, what it looks like, and their signed decisions."""
