"""``edge-gate calibrate`` and ``edge-gate evaluate``."""
