"""Records what the gate decides, and outlives a store that cannot take it: nothing opens until it can again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import structlog

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.clock import Clock
from edge.domain.errors import EdgeError, StoreError
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import Verdict
from edge.pipeline.act import Actor
from edge.pipeline.step import Step

log = structlog.get_logger(__name__)

_AGAIN_NS = 500_000_000


class Recorder:
    """Acts on steps. Itself a watch (``edge.daemon.watches``): its fault is the store's, and denies everybody.

    What could not be recorded did not happen: a grant among it opened nothing and never will. How much it was is
    told, by an anomaly, as soon as the store takes records again.

    Args:
        actor: records, opens, tells.
        clock: when it is tried again.
    """

    def __init__(self, actor: Actor, clock: Clock) -> None:
        self._actor = actor
        self._clock = clock
        self._fault: StoreError | None = None
        self._lost = 0
        self._again_ns = 0

    def act(self, step: Step) -> Step:
        """Act on everything that a frame led to; a fault of the store is kept, not raised.

        Returns:
            What it came to: whoever was granted and could not be recorded was denied, for the store's fault.

        Raises:
            TrustError: the database was altered.
        """
        verdicts = tuple(self._recorded(verdict) for verdict in step.verdicts)
        for report in step.anomalies:
            self.record_anomaly(report)
        return replace(step, verdicts=verdicts)

    def record_anomaly(self, report: AnomalyReport) -> None:
        """Record an anomaly; a fault of the store is kept, not raised.

        Raises:
            TrustError: the database was altered.
        """
        try:
            self._actor.record_anomaly(report)
        except StoreError as error:
            self._fail(error)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep a fault of the store in what is done within, such as saving limits; it is not raised."""
        try:
            yield
        except StoreError as error:
            self._fail(error)

    def __call__(self) -> EdgeError | None:
        """Return the store's fault; try now and then whether it is over.

        Raises:
            TrustError: the database was altered.
        """
        if self._fault is not None and self._clock.monotonic_ns() >= self._again_ns:
            self._try()
        return self._fault

    def _recorded(self, verdict: Verdict) -> Verdict:
        try:
            self._actor.record_verdict(verdict)
        except StoreError as error:
            self._fail(error)
            self._lost += 1
            return replace(verdict, decision=Decision.DENIED, reason=Reason.FAULT_STORE, hint=error.hint)
        return verdict

    def _try(self) -> None:
        report = AnomalyReport(
            anomaly=Anomaly.FAULT_STORE,
            detail=f"{self._lost} attempts ended without a record: {self._fault}",
            attempt=None,
            occurred_utc=self._clock.utc(),
        )
        try:
            self._actor.record_anomaly(report)
        except StoreError as error:
            self._fail(error)
            return
        log.info("store.recovered", lost=self._lost)
        self._fault, self._lost = None, 0

    def _fail(self, error: StoreError) -> None:
        if self._fault is None:
            log.error("store.failed", error=str(error), hint=error.hint)
        self._fault = error
        self._again_ns = self._clock.monotonic_ns() + _AGAIN_NS
