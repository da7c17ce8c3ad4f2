"""How a face and what is around it move from frame to frame."""
