"""What happens in a drill and when: first all is well, then the fault, then its end.

The fault begins on the first frame of an attempt, right behind a grant: at most one good frame was judged then, and a
grant needs two, so whatever opens from then on was opened by the fault.
"""

from collections.abc import Callable
from enum import Enum, auto

from edge.commands.drill.faults import Fault
from edge.commands.drill.result import DrillResult
from edge.domain.anomaly import anomaly_of
from edge.domain.clock import Clock
from edge.domain.reasons import Decision
from edge.pipeline.step import Step

_PATIENCE_NS = 60_000_000_000  # for a grant, on a busy machine
_GIVE_UP_NS = 8_000_000_000  # so much longer it stays when nobody notices it
_LIMIT_MS = 1_000


class Phase(Enum):
    """Where a drill stands."""

    WELL = auto()
    GRANTED = auto()
    FAULTY = auto()
    MENDED = auto()
    OVER = auto()


class Timeline:
    """Follows one drill.

    Args:
        fault: what is drilled.
        clock: monotonic time of what happens.
        begin: begins the fault.
        end: ends it.
    """

    def __init__(self, fault: Fault, clock: Clock, *, begin: Callable[[], None], end: Callable[[], None]) -> None:
        self.phase = Phase.WELL
        self._fault = fault
        self._clock = clock
        self._begin = begin
        self._end = end
        self._since_ns = clock.monotonic_ns()
        self._denied_ns: int | None = None
        self._told_ns: int | None = None
        self._has_opened = False
        self._recovered_ns: int | None = None
        self._shown_ns = self._mended_ns = 0
        self._waits_for_decision = fault.shows_on_decision

    def on_face(self) -> None:
        """A frame with a face was looked at, and an attempt is open."""
        if self.phase is Phase.GRANTED:
            self._enter(Phase.FAULTY)
            self._begin()
            self._shown_ns = self._clock.monotonic_ns() + round(self._fault.shows_after_ms * 1e6)

    def on_step(self, step: Step) -> None:
        """Something was decided or told, and acted on."""
        now_ns = self._clock.monotonic_ns()
        is_granted = any(verdict.decision is Decision.GRANTED for verdict in step.verdicts)
        if self.phase is Phase.WELL and is_granted:
            self._enter(Phase.GRANTED)
        elif self.phase is Phase.FAULTY:
            self._has_opened |= is_granted
            if self._waits_for_decision and step.verdicts:
                self._waits_for_decision = False
                self._shown_ns = now_ns
            if self._denied_ns is None and any(verdict.reason is self._fault.reason for verdict in step.verdicts):
                self._denied_ns = now_ns
            wanted = anomaly_of(self._fault.reason)
            if self._told_ns is None and any(report.anomaly is wanted for report in step.anomalies):
                self._told_ns = now_ns
        elif self.phase is Phase.MENDED and is_granted:
            self._recovered_ns = now_ns
            self._enter(Phase.OVER)

    def is_over(self) -> bool:
        """Go on where time alone says so; return whether the drill is over."""
        waited_ns = self._clock.monotonic_ns() - self._since_ns
        if self.phase is Phase.FAULTY:
            is_seen = self._denied_ns is not None and self._told_ns is not None
            least_ns = round((self._fault.lasts_ms + self._fault.shows_after_ms) * 1e6)
            if waited_ns > least_ns and (is_seen or waited_ns > least_ns + _GIVE_UP_NS):
                self._end()
                self._enter(Phase.MENDED)
                self._mended_ns = self._since_ns
        elif waited_ns > _PATIENCE_NS:
            self._enter(Phase.OVER)
        return self.phase is Phase.OVER

    @property
    def result(self) -> DrillResult:
        """How it went."""
        detected_ms = None
        if self._denied_ns is not None and self._told_ns is not None:
            detected_ms = max(0, round((max(self._denied_ns, self._told_ns) - self._shown_ns) / 1e6))
        recovered_ms = None if self._recovered_ns is None else round((self._recovered_ns - self._mended_ns) / 1e6)
        problem = self._problem(detected_ms, recovered_ms)
        anomaly = anomaly_of(self._fault.reason)
        return DrillResult(
            drill=self._fault.name,
            ok=not problem,
            denied=self._shown_ns > 0 and not self._has_opened,
            reason=None if self._denied_ns is None else self._fault.reason.value,
            anomaly=None if self._told_ns is None or anomaly is None else anomaly.value,
            detected_ms=detected_ms,
            recovered_ms=recovered_ms,
            hint=f"{problem}: look at {self._fault.hint}" if problem else "",
        )

    def _problem(self, detected_ms: int | None, recovered_ms: int | None) -> str:
        if not self._shown_ns:
            return "nobody was granted before the fault began"
        if self._has_opened:
            return "somebody was granted while the fault lasted"
        if detected_ms is None:
            return "it was not denied for its reason" if self._denied_ns is None else "no anomaly was told"
        if detected_ms > _LIMIT_MS:
            return f"it was noticed only after {detected_ms} ms"
        return "" if recovered_ms is not None else "the gate did not recover when its cause was gone"

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self._since_ns = self._clock.monotonic_ns()
