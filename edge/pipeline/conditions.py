"""Lasting conditions (a dark camera, a frozen feed): told once when they begin, silent until they are over."""

from edge.domain.reasons import Reason


class Conditions:
    """Which conditions are on. ``rises`` is true only at the moment that one begins."""

    def __init__(self) -> None:
        self._on: set[Reason] = set()

    def rises(self, reason: Reason) -> bool:
        """Note that ``reason`` holds now; True when it did not before."""
        if reason in self._on:
            return False
        self._on.add(reason)
        return True

    def clear(self, *reasons: Reason) -> None:
        """Note that these hold no longer; without arguments, that none does."""
        self._on = self._on - set(reasons) if reasons else set()

    @property
    def active(self) -> frozenset[Reason]:
        """The conditions that hold."""
        return frozenset(self._on)
