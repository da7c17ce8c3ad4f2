"""Differentiable twins of what the gate computes, from the frame to the embeddings."""
