"""How pictures come into a dataset: read once within limits, measured, copied."""
