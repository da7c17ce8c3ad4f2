"""Follows what granted attempts measure, day by day, and tells once a day when that is not as usual."""

from collections.abc import Iterable, Mapping

import structlog

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.clock import Clock
from edge.domain.sketch import Spread
from edge.policy.drift import drifted
from edge.store.daily_sketches import DailySketches

log = structlog.get_logger(__name__)


class DriftWatch:
    """Adds attempts to their day, UTC. One thread.

    Args:
        sketches: the days.
        usual: what single attempts measured where the profile was fitted.
        clock: which day it is.
    """

    def __init__(self, sketches: DailySketches, usual: Mapping[str, Spread], clock: Clock) -> None:
        self._sketches = sketches
        self._usual = usual
        self._clock = clock

    def note(self, granted: Iterable[Mapping[str, float]]) -> tuple[AnomalyReport, ...]:
        """Add attempts that were granted, and return what there is to tell.

        Raises:
            StoreError: they cannot be recorded.
            TrustError: what is recorded is none that the gate wrote.
        """
        return tuple(report for measured in granted if (report := self._noted(measured)) is not None)

    def _noted(self, measured: Mapping[str, float]) -> AnomalyReport | None:
        now = self._clock.utc()
        day = now.date()
        today = self._sketches.add(day, measured)
        found = drifted(today, self._usual, self._sketches.first_days(day))
        if not found or not self._sketches.tell_once(day):
            return None
        detail = ", ".join(f"{name} moved off {what}" for name, what in sorted(found.items()))
        log.warning("drift.found", statistics=sorted(found))
        return AnomalyReport(anomaly=Anomaly.DISTRIBUTION_DRIFT, detail=detail, attempt=None, occurred_utc=now)
