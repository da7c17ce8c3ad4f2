"""What became of events at the broker: counted for the metrics, and watched for a broker that nobody listens to.

"No matching subscribers" is a success to MQTT, and each such event is gone: it left the outbox and nobody has it. A
consumer that restarts misses a few and asks for them again; a decision that nobody hears for a minute is an anomaly.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.clock import Clock
from edge.domain.event import EventKind, OutboxMessage
from edge.messaging.wire import Ack

_LASTS_NS: Final = 60_000_000_000
DELIVERED: Final = "delivered"
UNHEARD: Final = "unheard"

log = structlog.get_logger(__name__)


class Traffic:
    """Counts acks of events. ``note`` is called by one thread, the drain's; ``counts`` by any."""

    def __init__(self, clock: Clock, on_anomaly: Callable[[AnomalyReport], None]) -> None:
        self._clock = clock
        self._on_anomaly = on_anomaly
        self._lock = threading.Lock()
        self._counts: Counter[tuple[EventKind, str]] = Counter()
        self._unheard_since_ns: int | None = None
        self._is_told = False

    def note(self, message: OutboxMessage, ack: Ack) -> None:
        """Take the broker's answer to an event."""
        outcome = ack.name if not ack.is_delivered else UNHEARD if ack.is_unheard else DELIVERED
        with self._lock:
            self._counts[message.kind, outcome] += 1
        if message.kind is EventKind.DECISION and ack.is_delivered:
            self._watch(is_heard=not ack.is_unheard)

    def counts(self) -> Mapping[tuple[EventKind, str], int]:
        """Return how many events of each kind were ``delivered``, went ``unheard``, or were refused, by reason."""
        with self._lock:
            return dict(self._counts)

    def _watch(self, *, is_heard: bool) -> None:
        if is_heard:
            if self._is_told:
                log.info("decisions.heard")
            self._unheard_since_ns, self._is_told = None, False
            return
        now_ns = self._clock.monotonic_ns()
        if self._unheard_since_ns is None:
            self._unheard_since_ns = now_ns
        if self._is_told or now_ns - self._unheard_since_ns < _LASTS_NS:
            return
        self._is_told = True
        log.warning("decisions.unheard", hint="nobody subscribes to evt/decision: look at the consumers")
        self._on_anomaly(
            AnomalyReport(
                anomaly=Anomaly.UNHEARD_DECISIONS,
                detail="the broker takes decisions and nobody listens to them",
                attempt=None,
                occurred_utc=self._clock.utc(),
            )
        )
