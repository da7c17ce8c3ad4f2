"""Every number of the profile, fitted on split A."""
