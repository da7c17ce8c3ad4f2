"""What of a CUDA device the gate uses: one thread that owns it, memory, a stream. Nothing else touches CUDA."""
