"""The gate: everything that runs at the door."""
