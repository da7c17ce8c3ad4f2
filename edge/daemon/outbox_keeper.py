"""The outbox as the drain sees it: within its bounds, with what was refused too often aside, replays behind it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

import structlog

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.audit import Entry
from edge.domain.clock import Clock
from edge.domain.errors import EdgeError
from edge.domain.event import EventKind
from edge.messaging.outbox_source import OutboxRow
from edge.messaging.replays import ReplayQueue
from edge.settings.record_sections import OutboxSection
from edge.store.outbox import Outbox
from edge.store.outbox_upkeep import OutboxUpkeep, Tally, Tell

LOOK_NS: Final = 10_000_000_000
"""How often bounds are looked at."""
QUIET_NS: Final = 3_600_000_000_000
"""What is set aside is told of at once, and then at most once in this time, with how many there were."""
_LEAST_STEP_MS = 2_000  # what a time service corrects without a step

EntryOf = Callable[[AnomalyReport], Entry]

log = structlog.get_logger(__name__)


class OutboxKeeper:
    """An ``OutboxSource``. One thread, the drain's.

    Args:
        outbox: what waits.
        upkeep: bounds it.
        replays: what is told again; behind all that waits.
        bounds: the settings.
        entry_of: makes the record of an anomaly.
        clock: the machine's.
        set_since_ms: what was written before this time, milliseconds since 1970, was written by a clock that was not
            set, and is as old as the moment at which it was found.
    """

    def __init__(
        self,
        outbox: Outbox,
        upkeep: OutboxUpkeep,
        replays: ReplayQueue,
        bounds: OutboxSection,
        entry_of: EntryOf,
        clock: Clock,
        set_since_ms: int,
    ) -> None:
        self._outbox = outbox
        self._upkeep = upkeep
        self._replays = replays
        self._bounds = bounds
        self._entry_of = entry_of
        self._clock = clock
        self._set_since_ms = set_since_ms
        self._offset_ms = self._wall_ahead_ms()
        self._looked_ns = -LOOK_NS
        self._told_ns = -QUIET_NS
        self._untold = 0
        self._fault: str | None = None

    def keep(self) -> None:
        """Keep the bounds, now and then (``OutboxSource``). What waits is sent even where they cannot be kept."""
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._looked_ns < LOOK_NS:
            return
        self._looked_ns = now_ns
        try:
            self._keep_time()
            self._upkeep.drop_old(int(self._bounds.most_age_hours * 3_600_000), self._telling("too old"))
            self._upkeep.drop_surplus(self._bounds.most_mib * 2**20, self._telling("no room"))
            self._fault = None
        except EdgeError as error:
            if str(error) != self._fault:
                log.warning("outbox.bounds_not_kept", error=str(error), hint=error.hint)
            self._fault = str(error)

    def pending(self, limit: int, /, *, without: Collection[EventKind] = ()) -> Sequence[OutboxRow]:
        """Return what waits, then what is to be told again (``OutboxSource``)."""
        rows = self._outbox.pending(limit, without=without)
        return (*rows, *self._replays.pending(limit - len(rows), without=without)) if len(rows) < limit else rows

    def delete(self, ids: tuple[int, ...], /) -> None:
        """Forget delivered rows (``OutboxSource``)."""
        if kept := tuple(id_ for id_ in ids if id_ > 0):
            self._outbox.delete(kept)
        self._replays.delete(id_ for id_ in ids if id_ < 0)

    def refuse(self, refusals: Mapping[int, str], /) -> None:
        """Count refusals; set aside what was refused too often (``OutboxSource``)."""
        if kept := {id_: words for id_, words in refusals.items() if id_ > 0}:
            self._outbox.refuse(kept)
            self._upkeep.set_aside(self._bounds.most_attempts, self._tell_of_refused)
        self._replays.delete(id_ for id_ in refusals if id_ < 0)

    def _keep_time(self) -> None:
        ahead_ms = self._wall_ahead_ms()
        step_ms = ahead_ms - self._offset_ms
        is_step = abs(step_ms) >= _LEAST_STEP_MS
        self._upkeep.keep_time(shift_ms=step_ms if is_step else 0, not_before_ms=self._set_since_ms)
        self._offset_ms = ahead_ms

    def _wall_ahead_ms(self) -> int:
        return int(self._clock.utc().timestamp() * 1_000) - self._clock.monotonic_ns() // 1_000_000

    def _telling(self, why: str) -> Tell:
        def tell(tally: Tally) -> Entry:
            log.error("outbox.dropped", why=why, events=tally.count, first=tally.first_seq, last=tally.last_seq)
            return self._entry_of(outbox_report(Anomaly.OUTBOX_DROPPED, f"{why}: {told(tally)}", self._clock))

        return tell

    def _tell_of_refused(self, tally: Tally) -> Entry | None:
        log.warning("outbox.set_aside", events=tally.count, first=tally.first_seq, reason=tally.refusal)
        self._untold += tally.count
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._told_ns < QUIET_NS:
            return None
        self._told_ns = now_ns
        more = f", {self._untold} since the last report" if self._untold != tally.count else ""
        self._untold = 0
        detail = f"set aside after {self._bounds.most_attempts} refusals: {told(tally)}{more}; {tally.refusal}"
        return self._entry_of(outbox_report(Anomaly.OUTBOX_REFUSED, detail, self._clock))


def told(tally: Tally) -> str:
    """Return which events those were: how many, of which kinds, and the range of their numbers."""
    kinds = ", ".join(f"{count} {kind.value}" for kind, count in sorted(tally.kinds.items()))
    return f"{tally.count} events ({kinds}), sequence {tally.first_seq} to {tally.last_seq}"


def outbox_report(anomaly: Anomaly, detail: str, clock: Clock) -> AnomalyReport:
    """Return the report of something that was done to the outbox."""
    return AnomalyReport(anomaly=anomaly, detail=detail, attempt=None, occurred_utc=clock.utc())
