"""Every picture with where it comes from: one signed, hash-chained log, and the versions sealed from it."""
