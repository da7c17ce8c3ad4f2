"""Frozen values that flow through the gate, one way, from camera to door.

This package imports numpy alone: no I/O, no pixels library, no engines.
"""
