"""Erases what is kept no longer: at the start, and then every hour, between frames. Every erasure goes on record."""

import datetime as dt
from dataclasses import dataclass

import structlog

from edge.domain.clock import Clock
from edge.domain.errors import EdgeError
from edge.domain.gallery_change import GalleryAct
from edge.domain.match import SubjectRef
from edge.store.state import State

log = structlog.get_logger(__name__)

_EVERY_NS = 3_600 * 10**9


@dataclass(frozen=True, slots=True)
class Purged:
    """What was erased.

    Attributes:
        people: whose enrollment was over.
        evidence: how many pictures of denied attempts.
    """

    people: tuple[SubjectRef, ...]
    evidence: int


def purge_expired(state: State, now_utc: dt.datetime) -> Purged:
    """Erase whoever's retention time is over, and evidence of hours that are.

    Raises:
        StoreError: SQLite failed; or rows are gone but the log, being read, could not be emptied yet.
        TrustError: a time is none that the gate wrote.
    """
    people = state.gallery.expired(now_utc)
    for subject in people:
        state.gallery.erase(subject, act=GalleryAct.EXPIRED)
    return Purged(people, state.evidence.purge(now_utc))


class Retention:
    """Purges once an hour; by the gate's own thread. A fault is told and tried again: it opens and closes nothing.

    Args:
        state: the open store.
        clock: what time it is, and how long ago the last purge was.
    """

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._purged_ns: int | None = None

    def turn(self) -> None:
        """Purge if it is time; called all the time."""
        now_ns = self._clock.monotonic_ns()
        if self._purged_ns is not None and now_ns - self._purged_ns < _EVERY_NS:
            return
        self._purged_ns = now_ns
        try:
            purged = purge_expired(self._state, self._clock.utc())
        except EdgeError as error:
            log.warning("retention.failed", error=str(error), hint=error.hint)
            return
        if purged.people or purged.evidence:
            log.info("retention.purged", people=len(purged.people), evidence=purged.evidence)
