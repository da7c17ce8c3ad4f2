"""Attacks on the gate. Never installed on a device: it is not in the wheel."""
