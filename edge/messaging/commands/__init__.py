"""Signed commands to a gate: what they say, whether they hold, and how they are answered."""
