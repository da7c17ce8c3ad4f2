"""Defenses of a would-be grant, one a file, each in two phases: name views, then judge the evidence."""
