"""Whom a hold holds, and so what an operator may lift."""

from enum import StrEnum


class LimitScope(StrEnum):
    """Who is held after too many failures."""

    GATE = "gate"
    """Everybody at this gate."""
    IDENTITY = "identity"
    """Whoever looks like one enrolled person."""
    CLUSTER = "cluster"
    """One face seen lately, whoever it is."""
