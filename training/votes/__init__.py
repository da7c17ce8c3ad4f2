"""A certificate for data: one head a contributor, and a vote that few contributors cannot turn."""
