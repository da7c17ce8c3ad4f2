"""Engines on TensorRT 10.13 to 11: plans are compiled ahead in a process of their own, and proven before use."""
