"""The report on a profile: what it is, and what it does with people whom it was not fitted on."""
