"""Settings: TOML, then environment, one frozen model a section. Thresholds are not settings: see the profile."""
