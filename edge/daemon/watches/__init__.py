"""What must stay right while the gate decides: asked again and again; each names its fault or nothing."""
