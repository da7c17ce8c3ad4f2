"""The renderer for NVIDIA GPUs: one launch for all views of a face, straight into the engine's input."""
