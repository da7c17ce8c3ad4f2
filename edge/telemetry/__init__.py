"""What operators see of the running gate: structured logs."""
