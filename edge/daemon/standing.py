"""What outlives a restart: limits and posture, kept in the store, ordered from anywhere, followed by one thread.

Orders come from other threads (a signed command) and from other processes (``edge-gate posture``, ``edge-gate
limits``). Both are carried out by the gate's own thread, between two frames.
"""

import queue
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

import structlog

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.clock import Clock
from edge.domain.errors import EdgeError, TrustError
from edge.domain.posture import Posture
from edge.pipeline.gate import Gate
from edge.pipeline.step import Step
from edge.policy.limits import Limits, LimitTerms
from edge.policy.limits_record import limits_from, record_of
from edge.store.limits import LimitsStore, posture_or_lockdown

LOOK_AGAIN_MS = 1_000
_LOCAL = "by a command on the gate"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Order:
    carry_out: Callable[[Gate], Step]
    done: Future[None] = field(default_factory=Future)


class Standing:
    """Keeps limits and posture. ``order_…`` from any thread; the rest is the gate's thread alone.

    Args:
        store: where they are kept.
        terms: the limits in force.
        boot_id: of this start.
        clock: the machine's, until ``restored`` gets the gate's.
    """

    def __init__(self, store: LimitsStore, terms: LimitTerms, boot_id: str, clock: Clock) -> None:
        self._store = store
        self._terms = terms
        self._boot_id = boot_id
        self._clock = clock
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        self._saved: str | None = None
        self._unlocks = 0
        self._changes = -1
        self._looked_ns = -LOOK_AGAIN_MS * 1_000_000
        self._lost: list[str] = []

    def order_posture(self, posture: Posture, *, by: str) -> Future[None]:
        """Have the gate take a posture, and keep it over restarts. From any thread.

        Args:
            posture: which.
            by: who wants it, for the record; it leaves the gate, so no names.

        Returns:
            Done when it is in force and kept, or failed with the ``EdgeError`` for which it is not. A posture that
            denies is in force even when it could not be kept.
        """
        return self._order(lambda gate: self.take(posture, by, gate))

    def order_unlock(self, *, by: str) -> Future[None]:
        """Have the gate forget every failure. From any thread; arguments and result as of ``order_posture``."""
        return self._order(lambda gate: self.unlock(by, gate))

    def restored(self, clock: Clock) -> Limits:
        """Return what this start begins with. What cannot be read is taken for the worst: held, or locked down.

        Args:
            clock: the gate's, from here on.

        Raises:
            StoreError: the store cannot be read at all.
        """
        self._clock = clock
        now_ns = clock.monotonic_ns()
        posture, lost = posture_or_lockdown(self._store)
        self._lost += [lost] if lost else []
        try:
            stored = self._store.load()
            self._unlocks = stored.unlocks
            limits = limits_from(stored.record)
            if stored.boot_id != self._boot_id:
                limits = limits.restarted(stored.saved_ns, now_ns, self._terms)
        except (TrustError, ValueError) as error:
            self._lost.append(f"the limits cannot be read, and the gate is held: {error}")
            limits = Limits.unknown(now_ns, self._terms)
        return limits.in_posture(posture)

    def begin(self, gate: Gate) -> Step:
        """Save what the gate begins with, and tell of a posture that stands or of what could not be read."""
        self.save(gate)
        step = gate.take_posture(gate.limits.posture, "since before this start")
        return step + Step(anomalies=tuple(self._report(detail) for detail in self._lost))

    def follow(self, gate: Gate) -> Step:
        """Carry out what was ordered since the last call, here or by another process.

        Raises:
            StoreError: the store cannot be read or written.
        """
        step = Step()
        while not self._orders.empty():
            order = self._orders.get()
            try:
                step += order.carry_out(gate)
            except EdgeError as error:
                order.done.set_exception(error)
                raise
            order.done.set_result(None)
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._looked_ns >= LOOK_AGAIN_MS * 1_000_000:
            self._looked_ns = now_ns
            step += self._look(gate)
        return step

    def save(self, gate: Gate) -> None:
        """Save the limits if they changed: before the outcome that changed them leaves.

        Raises:
            StoreError: they cannot be saved.
        """
        now_ns = self._clock.monotonic_ns()
        record = record_of(gate.limits, now_ns)
        if record != self._saved:
            self._store.save(self._boot_id, now_ns, record)
            self._saved = record

    def _order(self, carry_out: Callable[[Gate], Step]) -> Future[None]:
        order = _Order(carry_out)
        self._orders.put(order)
        return order.done

    def take(self, posture: Posture, by: str, gate: Gate) -> Step:
        """Take a posture and keep it, at once; on the gate's thread.

        Raises:
            StoreError: it could not be kept; one that denies is in force all the same.
        """
        if posture.reason is None:
            self._store.set_posture(posture)
            return gate.take_posture(posture, by)
        step = gate.take_posture(posture, by)  # whatever the disk says, nobody is let in from here on
        self._store.set_posture(posture)
        return step

    def unlock(self, by: str, gate: Gate) -> Step:
        """Have every failure forgotten, at once; on the gate's thread.

        Raises:
            StoreError: it could not be kept.
        """
        self._unlocks = self._store.unlock()
        return self._forget(by, gate)

    def _forget(self, by: str, gate: Gate) -> Step:
        step = gate.unlock(by)
        self._saved = None
        self.save(gate)
        return step

    def _look(self, gate: Gate) -> Step:
        changes = self._store.changes()
        if changes == self._changes:
            return Step()
        self._changes = changes
        posture, lost = posture_or_lockdown(self._store)
        step = Step()
        if posture is not gate.limits.posture:
            step += gate.take_posture(posture, lost or _LOCAL)
        try:
            unlocks = self._store.load().unlocks
        except TrustError as error:
            log.warning("limits.lost", error=str(error))
            self._saved, self._unlocks = None, 0
            self.save(gate)
            return step
        if unlocks != self._unlocks:
            self._unlocks = unlocks
            step += self._forget(_LOCAL, gate)
        return step

    def _report(self, detail: str) -> AnomalyReport:
        return AnomalyReport(
            anomaly=Anomaly.FAULT_INTEGRITY, detail=detail, attempt=None, occurred_utc=self._clock.utc()
        )
