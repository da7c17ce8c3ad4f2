"""Events that are told again because somebody commanded it: behind everything that waits, at a bounded pace.

What is asked for is kept in memory alone. A gate that restarts forgets it, and whoever still sees a gap asks again.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.audit import AuditHead, AuditRecord
from edge.domain.clock import Clock
from edge.domain.command import CommandOutcome, CommandResult, ReplayOrder
from edge.domain.errors import TrustError
from edge.domain.event import EventKind, OutboxMessage
from edge.messaging.envelope import Signer
from edge.messaging.told_again import told_again

log = structlog.get_logger(__name__)


class RecordSource(Protocol):
    """The audit chain, read. Its methods may raise ``StoreError``."""

    def head(self) -> AuditHead:
        """Return where the chain ends."""
        ...

    def kept_from(self) -> int:
        """Return the first seq that can still be read."""
        ...

    def page(self, first_seq: int, count: int) -> Sequence[AuditRecord]:
        """Return rows that were checked. Raises TrustError where one is not what was recorded."""
        ...


@dataclass(frozen=True, slots=True)
class ReplayTerms:
    """How much may be asked for.

    Attributes:
        most_events: of one command.
        per_s: events that go out in a second.
    """

    most_events: int
    per_s: float


@dataclass(frozen=True, slots=True)
class ReplayRow:
    """An event to be told again (``OutboxRow``). Its id is negative: those of the outbox are not."""

    id: int
    seq: int
    message: OutboxMessage
    attempts: int = 0


@dataclass(slots=True)
class _Job:
    order: ReplayOrder
    began_ns: int
    next_seq: int


class ReplayQueue:
    """See the module. ``ask`` from the gate's thread, the rest from the drain's."""

    def __init__(
        self,
        records: RecordSource,
        signer: Signer,
        clock: Clock,
        terms: ReplayTerms,
        tell: Callable[[AnomalyReport], None],
    ) -> None:
        """Take everything.

        Args:
            records: the audit chain.
            signer: the gate's key.
            clock: for the pace.
            terms: how much may be asked for.
            tell: takes the anomaly of a record that is not what was recorded, on any thread.
        """
        self._records = records
        self._signer = signer
        self._clock = clock
        self._terms = terms
        self._tell = tell
        self._lock = threading.Lock()
        self._job: _Job | None = None
        self._rows: dict[int, ReplayRow] = {}

    def ask(self, order: ReplayOrder) -> CommandResult:
        """Take an order, or decline it with why.

        Raises:
            StoreError: the chain cannot be read.
        """
        why_not = self._why_not(order)
        if why_not:
            return CommandResult(CommandOutcome.DECLINED, why_not)
        with self._lock:
            self._job = _Job(order, self._clock.monotonic_ns(), order.first_seq)
        return CommandResult(detail=f"{order.count} events follow, at most {self._terms.per_s:g} in a second")

    def pending(self, limit: int, /, *, without: Collection[EventKind] = ()) -> tuple[ReplayRow, ...]:
        """Return the first events whose time has come, at most ``limit``, as in ``OutboxSource``."""
        with self._lock:
            if self._job is not None and len(self._rows) < limit:
                self._fill(self._job, limit - len(self._rows))
            rows = [row for row in self._rows.values() if row.message.kind not in without]
        return tuple(rows[:limit])

    def delete(self, ids: Iterable[int], /) -> None:
        """Forget events that the broker took, or refused: a replay is asked for again, not kept."""
        with self._lock:
            for id_ in ids:
                self._rows.pop(id_, None)

    def _why_not(self, order: ReplayOrder) -> str:
        head, kept_from = self._records.head(), self._records.kept_from()
        why_not = ""
        if order.chain_id not in (None, head.chain_id):
            why_not = f"this gate's chain is {head.chain_id}"
        elif order.last_seq > head.seq:
            why_not = f"the chain ends at {head.seq}"
        elif order.first_seq < kept_from:
            why_not = f"events before {kept_from} are not kept at hand: 'edge-gate audit export' has them"
        elif order.count > self._terms.most_events:
            why_not = f"at most {self._terms.most_events} events at a time"
        elif self._is_busy():
            why_not = "another replay is under way: ask again when it is over"
        return why_not

    def _is_busy(self) -> bool:
        with self._lock:
            return self._job is not None or bool(self._rows)

    def _fill(self, job: _Job, room: int) -> None:
        elapsed_s = (self._clock.monotonic_ns() - job.began_ns) / 1e9
        due = job.order.first_seq + int(elapsed_s * self._terms.per_s)  # the first one at once
        last_seq = min(due, job.order.last_seq, job.next_seq + room - 1)
        try:
            job.next_seq = max(job.next_seq, self._records.kept_from())  # its rows may have moved to a file meanwhile
            if job.next_seq <= last_seq:
                for record in self._records.page(job.next_seq, last_seq - job.next_seq + 1):
                    self._add(record, job.order.command_id)
                job.next_seq = last_seq + 1
        except TrustError as error:
            self._job = None
            self._tell(
                AnomalyReport(
                    anomaly=Anomaly.FAULT_INTEGRITY,
                    detail=f"a replay was stopped: {error}",
                    attempt=None,
                    occurred_utc=self._clock.utc(),
                )
            )
            return
        if job.next_seq > job.order.last_seq:
            self._job = None

    def _add(self, record: AuditRecord, command_id: str) -> None:
        try:
            message = told_again(record, self._signer, command_id=command_id)
        except TrustError as error:
            log.warning("replay.row_skipped", seq=record.seq, error=str(error))
            return
        self._rows[-record.seq] = ReplayRow(-record.seq, record.seq, message)
