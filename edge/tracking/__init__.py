"""Faces over frames: which face of this frame is which of the last one, and which of them is judged."""
