"""Patches: what an attacker wears or sticks on, where it lies, whether a printer can make it, and what it reached."""
