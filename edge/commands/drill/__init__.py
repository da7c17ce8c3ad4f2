"""``edge-gate drill``: faults put into a gate of its own, to see each denied, told, and gone when its cause is."""
