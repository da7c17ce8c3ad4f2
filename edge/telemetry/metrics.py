"""What the gate counts of itself, for Prometheus: totals, times and states; of nobody in particular.

Every label comes from a closed or bounded list, so no person, attempt, address or text can become one. The gate's
threads add numbers in memory and never wait for whoever reads them.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from edge.domain.anomaly import Anomaly, worst_outcomes
from edge.domain.event import EventKind
from edge.domain.finding import Finding
from edge.domain.reasons import Decision, Outcome, Reason
from edge.domain.verdict import Verdict

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
STAGES: Final = ("detect", "quality", "screen", "opinion", "verify", "record")
EVENT_OUTCOMES: Final = ("delivered", "unheard", "refused")
# From a small model on a GPU to a certificate on a slow CPU; a frame of 30 a second lies between the buckets 5 and 6.
_STAGE_BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_ATTEMPT_BUCKETS_S: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 6.0, 10.0, 20.0)
_MOST_NAMES: Final = 32
"""Most values of a label whose list is not ours: names of models, defenses and a broker's reasons. Then ``other``."""

disable_created_metrics()  # type: ignore[no-untyped-call]


class GateMetrics:
    """Every number of one gate. ``note_…`` from the thread where it happens; ``text`` from any."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._names: dict[str, set[str]] = {}
        self._seen: dict[tuple[str, ...], float] = {}
        self._make_totals()
        self._make_states()
        for reason in Reason:
            decision = Decision.GRANTED if reason is Reason.MATCH else Decision.DENIED
            self._decisions.labels(decision.value, reason.value)
        for kind in EventKind:
            for outcome in EVENT_OUTCOMES:
                self._events.labels(kind.value, outcome)

    def _make_totals(self) -> None:
        self._decisions = self._counter("decisions", "Attempts that were decided.", "decision", "reason")
        self._anomalies = self._counter("anomalies", "Anomalies that were recorded.", "anomaly")
        self._defenses = self._counter(
            "defense_outcomes", "Worst outcome of each defense in an attempt.", "defense", "outcome"
        )
        self._frames = self._counter("frames", "Frames that were looked at.")
        self._skipped = self._counter(
            "frames_skipped", "Frames that a newer one replaced before they were looked at."
        )
        self._events = self._counter("events", "Events that the broker answered.", "kind", "outcome")
        self._pubacks = self._counter("puback_failures", "Events that the broker refused.", "reason")
        self._engine_s = self._counter("engine_seconds", "Time in which a model's engine ran.", "model")
        self._engine_runs = self._counter("engine_runs", "Runs of a model's engine.", "model")
        stages = Histogram(
            "edge_gate_stage_seconds",
            "Time of one stage, for one frame or, after detect, for all frames of an attempt.",
            ["stage"],
            buckets=_STAGE_BUCKETS_S,
            registry=self._registry,
        )
        self._by_stage = {stage: stages.labels(stage) for stage in STAGES}
        self._attempts = Histogram(
            "edge_gate_attempt_seconds",
            "Time from an attempt's start to its decision.",
            buckets=_ATTEMPT_BUCKETS_S,
            registry=self._registry,
        )

    def _make_states(self) -> None:
        self._frame_age = self._gauge("camera_frame_age_seconds", "Age of the latest frame when it was taken.")
        self._frame_time = self._gauge("camera_frame_timestamp_seconds", "When the latest frame was captured.")
        self._states = {
            name: self._gauge(name, text)
            for name, text in (
                ("outbox_rows", "Events that the broker does not have yet."),
                ("outbox_oldest_seconds", "Age of the oldest of them; 0 = none."),
                ("audit_head", "Sequence number of the latest audit record."),
                ("broker_connected", "1 while the broker is connected."),
                ("fault", "1 while a fault denies everybody."),
                ("temperature_celsius", "The warmest zone of the machine; NaN where it tells none."),
                ("throttling_celsius", "Where that zone slows the machine down; NaN where it does not say."),
                ("certificate_end_timestamp_seconds", "When the gate's own certificate ends; NaN without one."),
                ("snapshot_timestamp_seconds", "When the states above were read: they are not read for a scrape."),
            )
        }

    def note_verdict(self, verdict: Verdict) -> None:
        """Count a verdict that left the gate."""
        self._decisions.labels(verdict.decision.value, verdict.reason.value).inc()
        self._attempts.observe(verdict.latency_ms / 1e3)
        for stage, took_ms in verdict.took_ms:
            self.note_stage(stage, took_ms)
        self._note_defenses(verdict.findings)

    def note_stage(self, stage: str, took_ms: float) -> None:
        """Count a stage's time; one that is not of ``STAGES`` is passed over."""
        known = self._by_stage.get(stage)
        if known is not None:
            known.observe(took_ms / 1e3)

    def note_anomaly(self, anomaly: Anomaly) -> None:
        """Count an anomaly."""
        self._anomalies.labels(anomaly.value).inc()

    def note_frame(self, *, age_s: float, captured_s: float, skipped: int) -> None:
        """Count a frame that was looked at.

        Args:
            age_s: how old it was when it was taken.
            captured_s: when it was captured, seconds of Unix time.
            skipped: frames of the camera between it and the one before.
        """
        self._frames.inc()
        self._skipped.inc(max(0, skipped))
        self._frame_age.set(age_s)
        self._frame_time.set(captured_s)

    def set_states(self, states: Mapping[str, float]) -> None:
        """Set what is read now and then, by name; unknown names are a defect of ours.

        Raises:
            KeyError: there is no such state.
        """
        for name, value in states.items():
            self._states[name].set(value)

    def set_events(self, totals: Mapping[tuple[EventKind, str], int]) -> None:
        """Take how many events of each kind were delivered, unheard, or refused for a reason, since the start."""
        for (kind, outcome), total in totals.items():
            more = self._grown(("event", kind.value, outcome), total)
            known = outcome if outcome in EVENT_OUTCOMES else "refused"
            self._events.labels(kind.value, known).inc(more)
            if known == "refused":
                self._pubacks.labels(self._bounded("reason", outcome)).inc(more)

    def set_engine(self, model: str, *, runs: int, run_s: float) -> None:
        """Take how often and how long a model's engine ran, since the start."""
        label = self._bounded("model", model)
        self._engine_runs.labels(label).inc(self._grown(("runs", label), runs))
        self._engine_s.labels(label).inc(self._grown(("run_s", label), run_s))

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)

    def _note_defenses(self, findings: Iterable[Finding]) -> None:
        for defense, outcome in worst_outcomes(tuple(findings)):
            self._defenses.labels(self._bounded("defense", defense), Outcome(outcome).value).inc()

    def _grown(self, key: tuple[str, ...], total: float) -> float:
        """Return by how much a total that only grows did so since the last time."""
        before = self._seen.get(key, 0.0)
        self._seen[key] = max(before, total)
        return max(0.0, total - before)

    def _bounded(self, label: str, value: str) -> str:
        known = self._names.setdefault(label, set())
        if value in known or len(known) < _MOST_NAMES:
            known.add(value)
            return value
        return "other"

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"edge_gate_{name}", text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"edge_gate_{name}", text, registry=self._registry)
