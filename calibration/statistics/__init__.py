"""Counting, rates and their intervals; nothing here knows of pictures."""
