"""The patch certificate: which parts of a face are hidden in turn, what that covers, and what it costs."""
