"""Checkpoints of the audit chain off the device, and its old rows into files: on a thread of its own.

A checkpoint goes to the broker (retained, ``state/audit-head``) and to the log, whichever somebody keeps elsewhere.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.audit import AuditHead
from edge.domain.clock import Clock
from edge.domain.errors import EdgeError, TrustError
from edge.messaging.payloads import AuditHeadV1
from edge.settings.record_sections import AuditSection
from edge.store.audit_segments import AuditSegments
from edge.store.ledger import Ledger
from edge.trust.canonical import canonical_json
from edge.trust.checkpoint import Checkpoint, sign_checkpoint
from edge.trust.signing import Signer

LOOK_S: Final = 1.0
_JOIN_S = 10.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditMouth:
    """How the keeper is heard.

    Attributes:
        publish: hands a checkpoint to the broker; False = not connected.
        is_connected: whether the broker is there.
        tell: takes an anomaly, on any thread.
    """

    publish: Callable[[AuditHeadV1], bool]
    is_connected: Callable[[], bool]
    tell: Callable[[AnomalyReport], None]


class AuditKeeper:
    """See the module. ``start`` and ``stop`` from one thread."""

    def __init__(
        self,
        ledger: Ledger,
        segments: AuditSegments,
        terms: AuditSection,
        signer: Signer,
        source: str,
        clock: Clock,
        mouth: AuditMouth,
    ) -> None:
        """Take everything; start nothing yet.

        Args:
            ledger: the chain.
            segments: closes its oldest rows.
            terms: the settings.
            signer: the gate's key.
            source: which gate.
            clock: the machine's.
            mouth: broker and anomalies.
        """
        self._ledger = ledger
        self._segments = segments
        self._terms = terms
        self._signer = signer
        self._source = source
        self._clock = clock
        self._mouth = mouth
        self._last: Checkpoint | None = None
        self._signed_ns = 0
        self._is_owed = False  # signed, and not handed to the broker yet
        self._was_connected = False
        self._fault: str | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, on a thread. Starts once."""
        if self._thread is not None:
            raise RuntimeError("an audit keeper starts once; make a new one")
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, after a last checkpoint. May be repeated."""
        if self._thread is not None:
            self._stopping.set()
            self._thread.join(_JOIN_S)

    def turn(self, *, is_last: bool = False) -> None:
        """Sign if it is time, publish what is owed, close a segment if there are rows enough.

        Raises:
            EdgeError: the chain cannot be read or moved; the next turn tries again.
        """
        head = self._ledger.head()
        if self._is_due(head, is_last=is_last):
            self._sign(head)
        is_connected = self._mouth.is_connected()
        if is_connected and not self._was_connected:
            self._is_owed = self._last is not None  # a broker that came back may have forgotten
        self._was_connected = is_connected
        if self._is_owed and self._last is not None:
            self._is_owed = not self._mouth.publish(AuditHeadV1.model_validate(self._last.document()))
        if not is_last and self._segments.rows() >= self._terms.keep_rows + self._terms.segment_rows:
            self._close_segment()

    def _run(self) -> None:
        while True:
            is_last = self._stopping.wait(LOOK_S)
            try:
                self.turn(is_last=is_last)
                self._fault = None
            except EdgeError as error:
                self._note(error)
            if is_last:
                return

    def _is_due(self, head: AuditHead, *, is_last: bool) -> bool:
        last = self._last
        if head.seq == 0 or (last is not None and last.sequence == head.seq):
            return False
        waited_ns = self._clock.monotonic_ns() - self._signed_ns
        return (
            last is None
            or is_last
            or head.seq - last.sequence >= self._terms.checkpoint_rows
            or waited_ns >= self._terms.checkpoint_s * 1e9
        )

    def _sign(self, head: AuditHead) -> None:
        self._last = sign_checkpoint(head, self._source, self._signer, self._clock.utc())
        self._signed_ns = self._clock.monotonic_ns()
        self._is_owed = True
        log.info("audit.checkpoint_signed", checkpoint=canonical_json(self._last.document()).decode())

    def _close_segment(self) -> None:
        segment = self._segments.close(
            self._terms.segment_rows,
            lambda head: sign_checkpoint(head, self._source, self._signer, self._clock.utc()),
        )
        if segment is not None:
            log.info("audit.segment_closed", first=segment.first_seq, last=segment.last_seq, file=segment.file.name)

    def _note(self, error: EdgeError) -> None:
        """Tell of a fault once, until a turn goes well."""
        if str(error) == self._fault:
            return
        self._fault = str(error)
        log.error("audit.upkeep_failed", error=str(error), hint=error.hint)
        if isinstance(error, TrustError):
            self._mouth.tell(
                AnomalyReport(
                    anomaly=Anomaly.FAULT_INTEGRITY, detail=str(error), attempt=None, occurred_utc=self._clock.utc()
                )
            )
