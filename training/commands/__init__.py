"""``edge-gate training``: one file a group of commands."""
