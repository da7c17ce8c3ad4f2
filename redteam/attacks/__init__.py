"""Attacks, one a file. Each climbs an objective inside a budget; none judges its own success."""
