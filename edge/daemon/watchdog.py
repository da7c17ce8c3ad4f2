"""Feeds systemd's watchdog while the gate does its work: frames come, and engines answer.

There is no timer here. The camera's mark is the call itself, made after a frame was worked off; the engines' mark is
their last sound answer. Both must be recent, or systemd is left to restart the gate. While nobody is there, engines
are held against their golden pictures in turn, so that an empty scene is no reason for silence.
"""

from typing import Protocol

from edge.domain.clock import Clock
from edge.settings.tree import Settings

_FEED_NS = 1_000_000_000  # well below any sensible WatchdogSec, and no datagram a frame
_NS_PER_S = 1_000_000_000
_GRACE_S = 5.0


class Fed(Protocol):
    """What is fed; :class:`edge.daemon.notify.Notifier`."""

    def alive(self) -> None:
        """Feed it."""
        ...


class Watchdog:
    """Feeds at most once a second.

    Args:
        fed: what is fed.
        clock: the one that the engines' mark is taken from.
        engines_within_s: engines that gave no sound answer for so long count as stuck.
    """

    def __init__(self, fed: Fed, clock: Clock, *, engines_within_s: float) -> None:
        self._fed = fed
        self._clock = clock
        self._within_ns = engines_within_s * _NS_PER_S
        self._fed_ns: int | None = None

    def frame_passed(self, answered_ns: int | None) -> None:
        """Note that a frame was worked off, and feed if the engines answered lately too.

        Args:
            answered_ns: their last sound answer, monotonic; None = they answer on the gate's own thread, so that the
                frame itself tells that they do.
        """
        now_ns = self._clock.monotonic_ns()
        if answered_ns is not None and now_ns - answered_ns > self._within_ns:
            return
        if self._fed_ns is None or now_ns - self._fed_ns >= _FEED_NS:
            self._fed_ns = now_ns
            self._fed.alive()


def engines_within_s(settings: Settings) -> float:
    """Return how long engines that are well can be silent, seconds: through an attempt and a challenge to the end."""
    waits_ms = settings.engine.answer_within_ms + settings.policy.attempt_timeout_ms + settings.challenge.total_ms
    return settings.engine.probe_every_s + waits_ms / 1_000 + _GRACE_S
