"""The gate's numbers: noted where they arise, read from the store now and then, handed out on loopback if asked for.

The frame loop adds to counters in memory and never waits. What lies in the store, in files or on other threads is
read by a thread of its own every few seconds, however often somebody scrapes.
"""

import datetime as dt
import json
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from edge.domain.anomaly import AnomalyReport
from edge.domain.clock import Clock
from edge.domain.errors import BrokerError, EdgeError
from edge.domain.frame import Frame
from edge.messaging.link import LinkState
from edge.messaging.messenger import Messenger
from edge.messaging.options import BrokerOptions
from edge.messaging.tls import client_certificate
from edge.pipeline.step import Step
from edge.pipeline.verify import ModelStage
from edge.settings.metrics_section import MetricsSection
from edge.store.backlog import read_backlog
from edge.store.database import Database
from edge.telemetry.metrics import CONTENT_TYPE, GateMetrics
from edge.telemetry.metrics_endpoint import LOOPBACK, MetricsEndpoint
from engines.machine.heat import warmest
from engines.machine.root import MachineRoot

SNAPSHOT_S: Final = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is looked at for the metrics.

    Attributes:
        database: outbox and audit chain.
        messenger: link, and what became of events.
        broker: names the gate's own certificate.
        models: whose engines are timed.
        is_faulty: whether a fault denies everybody; any thread may ask.
        machine: tells its temperature.
    """

    database: Database
    messenger: Messenger
    broker: BrokerOptions
    models: Sequence[ModelStage]
    is_faulty: Callable[[], bool]
    machine: MachineRoot = field(default_factory=MachineRoot)


class MetricsRoom:
    """Notes, reads and hands out. ``note_…`` from the gate's thread alone."""

    def __init__(self, section: MetricsSection, measured: Measured, clock: Clock) -> None:
        """Take everything; listen to nothing and read nothing yet."""
        self._measured = measured
        self._clock = clock
        self.metrics = GateMetrics()
        self._last_seq: int | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._endpoint: MetricsEndpoint | None = None
        self._is_failing = False
        self._unsafe_host = section.unsafe_host
        if section.port:
            host = section.unsafe_host or LOOPBACK
            self._endpoint = MetricsEndpoint(self.metrics.text, CONTENT_TYPE, clock, port=section.port, host=host)

    def start(self) -> None:
        """Begin to hand out, if the settings ask for it. A port that is taken is told and costs the metrics alone."""
        if self._endpoint is None or not self._endpoint.start():
            return
        log.info("metrics.served", port=self._endpoint.port)
        if self._unsafe_host:
            log.warning(
                "metrics.exposed", host=self._unsafe_host, hint="unset metrics.unsafe_host: loopback is enough"
            )
        self._thread = threading.Thread(target=self._run, name="metrics-snapshot", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the threads. Bounded; may be repeated."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(SNAPSHOT_S)
        if self._endpoint is not None:
            self._endpoint.stop()

    def note_frame(self, frame: Frame, step: Step) -> None:
        """Note a frame that was looked at, and what finding its faces took."""
        skipped = 0 if self._last_seq is None else frame.seq - self._last_seq - 1
        self._last_seq = frame.seq
        self.metrics.note_frame(
            age_s=max(0.0, (self._clock.monotonic_ns() - frame.captured_ns) / 1e9),
            captured_s=frame.captured_utc.timestamp(),
            skipped=skipped,
        )
        if step.looked_ms is not None:
            self.metrics.note_stage("detect", step.looked_ms)

    def note_step(self, step: Step, record_ms: float) -> None:
        """Note what left the gate, and how long it took to record it."""
        for verdict in step.verdicts:
            self.metrics.note_verdict(verdict)
        for report in step.anomalies:
            self.note_anomaly(report)
        if step.verdicts:
            self.metrics.note_stage("record", record_ms)

    def note_anomaly(self, report: AnomalyReport) -> None:
        """Note an anomaly that came from no frame."""
        self.metrics.note_anomaly(report.anomaly)

    def take_snapshot(self) -> None:
        """Read what is not noted where it arises. What cannot be read is not a number until it can."""
        measured = self._measured
        states = {
            "broker_connected": float(measured.messenger.link.state is LinkState.CONNECTED),
            "fault": float(measured.is_faulty()),
            "snapshot_timestamp_seconds": self._clock.utc().timestamp(),
            "certificate_end_timestamp_seconds": _or_nan(self._certificate_end()),
            **_of_heat(measured.machine),
            **self._of_store(),
        }
        self.metrics.set_states(states)
        self.metrics.set_events(measured.messenger.traffic.counts())
        for model in measured.models:
            embedder = model.embedder
            self.metrics.set_engine(model.model_id, runs=embedder.runs, run_s=embedder.run_ns / 1e9)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.take_snapshot()
                self._is_failing = False
            except Exception:
                if not self._is_failing:
                    log.exception("snapshot.failed")
                self._is_failing = True
            self._stopping.wait(SNAPSHOT_S)

    def _of_store(self) -> Mapping[str, float]:
        try:
            backlog = read_backlog(self._measured.database)
        except EdgeError:
            return dict.fromkeys(("outbox_rows", "outbox_oldest_seconds", "audit_head"), math.nan)
        return {
            "outbox_rows": backlog.rows,
            "outbox_oldest_seconds": 0.0 if backlog.oldest is None else _age_s(backlog.oldest, self._clock.utc()),
            "audit_head": backlog.audit_head,
        }

    def _certificate_end(self) -> float | None:
        tls = self._measured.broker.tls
        if tls is None or tls.cert_file is None:
            return None
        try:
            return client_certificate(tls.cert_file).ends_utc.timestamp()
        except BrokerError:
            return None


def _of_heat(machine: MachineRoot) -> Mapping[str, float]:
    heat = warmest(machine)
    return {
        "temperature_celsius": math.nan if heat is None else heat.now_c,
        "throttling_celsius": _or_nan(None if heat is None else heat.throttles_at_c),
    }


def _age_s(event: bytes, now_utc: dt.datetime) -> float:
    """Return how long ago an event of the outbox happened, seconds."""
    try:
        return max(0.0, (now_utc - dt.datetime.fromisoformat(json.loads(event)["time"])).total_seconds())
    except (ValueError, KeyError, TypeError):
        return math.nan


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
