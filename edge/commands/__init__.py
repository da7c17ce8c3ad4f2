"""The command line, one file a group. Thin: it reads options, calls the gate and prints."""
