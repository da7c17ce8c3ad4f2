"""Attacks on enrollment: who is learned opens from then on."""
