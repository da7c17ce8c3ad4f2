"""Campaigns: which attacks are run on which scenes, and a record of every one, so that a run can be resumed."""
