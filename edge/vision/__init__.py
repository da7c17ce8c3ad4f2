"""From a frame's pixels to faces: detection, alignment and the quality gate."""
