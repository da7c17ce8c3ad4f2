"""Attacks on training data and on enrollment: a few pictures now, an open door later."""
