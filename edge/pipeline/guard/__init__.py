"""Enrollment guard: what is learned opens from then on, so it is looked at more strictly than what only opens."""
