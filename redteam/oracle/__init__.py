"""Other people's attacks on our models: an attack of ours that is weaker than theirs has a bug."""
