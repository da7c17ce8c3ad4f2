"""The daemon: frames in, decisions out, until it is told to stop. Whatever breaks, the door stays shut."""

import queue
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import structlog

from edge.capture.supervisor import CameraFeed
from edge.daemon.assembly import GateParts, build_gate, policy_of
from edge.daemon.attempt_log import log_attempt
from edge.daemon.audit_keeper import AuditKeeper, AuditMouth
from edge.daemon.broker import broker_options
from edge.daemon.camera import camera_guard, camera_source
from edge.daemon.certificates_in_force import certificates_asked
from edge.daemon.command_room import CommandRoom, GateSink
from edge.daemon.drift_watch import DriftWatch
from edge.daemon.evidence_keeper import EvidenceKeeper
from edge.daemon.feed_loop import steps
from edge.daemon.kiosk import Kiosk
from edge.daemon.live_gallery import LiveGallery
from edge.daemon.metrics_room import Measured, MetricsRoom
from edge.daemon.models import load_models, model_files, model_store, recognizer_file
from edge.daemon.notify import Notifier
from edge.daemon.outbox_keeper import OutboxKeeper
from edge.daemon.outcomes import Outcomes
from edge.daemon.profile_in_force import profile_in_force, refuse_outgrown, warn_of_date
from edge.daemon.recorder import Recorder
from edge.daemon.retention import Retention
from edge.daemon.standing import Standing
from edge.daemon.state import open_gate_state
from edge.daemon.watchdog import Watchdog, engines_within_s
from edge.daemon.watched_gallery import WatchedGallery
from edge.daemon.watches.gate_watches import gate_watches
from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.clock import Clock, SystemClock
from edge.domain.errors import EdgeError, StoreError
from edge.domain.reasons import Reason
from edge.door.base import Door
from edge.door.mqtt_only import MqttOnlyDoor
from edge.messaging.entries import anomaly_entry
from edge.messaging.envelope import DECISION_VALID
from edge.messaging.identity import GateIdentity
from edge.messaging.link import Link, LinkState
from edge.messaging.messenger import Messenger
from edge.messaging.payloads import HealthV1, LifecyclePhase
from edge.messaging.replays import ReplayQueue, ReplayTerms
from edge.messaging.status import birth_certificate
from edge.pipeline.act import Actor
from edge.pipeline.command_desk import CommandDesk
from edge.pipeline.gate import Gate
from edge.pipeline.step import Step
from edge.settings.tree import Settings
from edge.store.state import State
from edge.store.state_lock import sole_daemon
from edge.telemetry.logs import correlated, name_process, unname_process
from edge.trust.keys import KeyRing

log = structlog.get_logger(__name__)

_QUIET_NS = 10_000_000_000
_START_STEP_S = 300  # longest that fetching, or loading one engine, may take before systemd gives up
_SERVES = "serves"

DOOR_AGE_MS = DECISION_VALID.total_seconds() * 1_000  # as long as the signed event may open


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceHooks:
    """What the surroundings of a service may follow.

    Attributes:
        is_stopping: asked before every frame.
        on_step: called with every step that decided or told something, after it was recorded.
    """

    is_stopping: Callable[[], bool]
    on_step: Callable[[Step], None] = lambda _: None


class _Bus:
    """The daemon's side of the bus: called on network threads, so it only hands over."""

    def __init__(self, state: State, clock: Clock, boot_id: str) -> None:
        self._state = state
        self._clock = clock
        self._boot_id = boot_id
        self._started_ns = clock.monotonic_ns()
        self._was_connected = True
        self._told_ns: dict[Anomaly, int] = {}
        self.anomalies: queue.SimpleQueue[AnomalyReport] = queue.SimpleQueue()
        self.fault: Reason | None = None  # of the gate's own thread

    def on_link(self, link: Link) -> None:
        """Record once when the broker goes away; the connection itself logs that, and when it is back."""
        is_connected = link.state is LinkState.CONNECTED
        if is_connected != self._was_connected and link.state not in (LinkState.STARTING, LinkState.STOPPED):
            self._was_connected = is_connected
            if not is_connected:
                self.on_anomaly(
                    AnomalyReport(
                        anomaly=Anomaly.FAULT_BROKER,
                        detail=str(link.fault or "the connection ended"),
                        attempt=None,
                        occurred_utc=self._clock.utc(),
                    )
                )

    def on_anomaly(self, report: AnomalyReport) -> None:
        """Keep it for the gate's own thread; of each kind one a while, so that a flood on the bus fills nothing."""
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._told_ns.get(report.anomaly, -_QUIET_NS) >= _QUIET_NS:
            self._told_ns[report.anomaly] = now_ns
            self.anomalies.put(report)

    def on_refusal(self, report: AnomalyReport) -> None:
        """Keep what was rate-limited where it happened, each kind of it by itself."""
        self.anomalies.put(report)

    def health(self) -> HealthV1:
        """Return how the gate is."""
        fault = self.fault
        try:
            rows = self._state.outbox.depth()
        except StoreError:
            rows, fault = 0, Reason.FAULT_STORE
        uptime_s = (self._clock.monotonic_ns() - self._started_ns) // 1_000_000_000
        return HealthV1(boot_id=self._boot_id, uptime_s=uptime_s, outbox_rows=rows, fault=fault)


def serve(settings: Settings, hooks: ServiceHooks) -> None:
    """Run the gate until it is told to stop or its recording ends.

    Raises:
        EdgeError: it cannot start, or a fault that it cannot outlive; the door is shut either way.
        EngineError: a model is missing or fails its acceptance.
        DeviceGoneError: the engines' device is gone; a new process may have it again.
    """
    camera_source(settings)
    notifier = Notifier()

    def told(what: str) -> None:
        notifier.extend(_START_STEP_S)
        notifier.status(f"shut: loading {what}")

    with sole_daemon(settings.state_dir):
        state, keys = open_gate_state(settings)
        with state, load_models(settings.engine, told=told) as models:
            Retention(state, SystemClock()).turn()
            profile = profile_in_force(settings, models, SystemClock())
            warn_of_date(profile, SystemClock().utc())
            certificates = certificates_asked(profile, settings.policy)
            people = LiveGallery(models, state, SystemClock(), certificates)
            refuse_outgrown(len(people()), profile)
            parts = GateParts(settings, profile, models, people())
            _Service(parts, state, keys, hooks, notifier).run(people)


class _Service:
    """One run of the daemon, from birth to the last message."""

    def __init__(
        self, parts: GateParts, state: State, keys: KeyRing, hooks: ServiceHooks, notifier: Notifier
    ) -> None:
        settings = parts.settings
        self._settings = settings
        self._parts = parts
        self._hooks = hooks
        self._clock = SystemClock()
        self._notifier = notifier
        section = settings.gate
        self._identity = GateIdentity(section.site, section.gate, section.access_point, secrets.token_hex(8))
        self._drift = DriftWatch(state.sketches, parts.profile.granted, self._clock)
        self._bus = _Bus(state, self._clock, self._identity.boot_id)
        self._source = camera_source(settings)
        policy = policy_of(settings.policy, parts.profile, is_stills=self._source.is_stills, level=settings.level)
        self._commands = CommandRoom(
            settings.trust,
            self._identity,
            keys.signer,
            self._clock,
            set_since=parts.profile.created,
            tell=self._bus.on_refusal,
        )
        replays = ReplayQueue(
            state.ledger,
            keys.signer,
            self._clock,
            ReplayTerms(settings.audit.replay_most_events, settings.audit.replay_per_s),
            self._bus.on_anomaly,
        )
        self._replays = replays
        broker = broker_options(settings)
        self._messenger = Messenger(
            broker,
            self._identity.topics,
            birth_certificate(
                self._identity,
                version=version("edge-gate"),
                models={b.model_id: b.model_digest for b in parts.models.bindings.values()},
                policy_digest=policy.digest,
                key_id=keys.signer.key_id,
            ),
            OutboxKeeper(
                state.outbox,
                state.upkeep,
                replays,
                settings.outbox,
                lambda report: anomaly_entry(report, self._identity, keys.signer, self._clock.utc()),
                self._clock,
                int(parts.profile.created.timestamp() * 1_000),
            ),
            self._clock,
            self._bus,
            self._commands.hand_over,
        )
        self._audit = AuditKeeper(
            state.ledger,
            state.segments,
            settings.audit,
            keys.signer,
            self._identity.source,
            self._clock,
            AuditMouth(
                publish=self._messenger.show_audit_head,
                is_connected=lambda: self._messenger.link.state is LinkState.CONNECTED,
                tell=self._bus.on_anomaly,
            ),
        )
        measured = Measured(
            database=state.database,
            messenger=self._messenger,
            broker=broker,
            models=parts.models.stages,
            is_faulty=lambda: self._bus.fault is not None,
        )
        self._metrics = MetricsRoom(settings.metrics, measured, self._clock)
        self._standing = Standing(state.limits, policy.limits, self._identity.boot_id, self._clock)
        self._kiosk = Kiosk(self._messenger.show, self._identity.boot_id)
        self._actor = Actor(
            ledger=state.ledger,
            door=_door(settings, self._clock),
            identity=self._identity,
            signer=keys.signer,
            clock=self._clock,
            wake=self._messenger.wake,
        )
        self._recorder = Recorder(self._actor, self._clock)
        self._retention = Retention(state, self._clock)
        self._evidence = EvidenceKeeper(settings.evidence, state.evidence)
        files = model_files(model_store(settings.engine), recognizer_file(settings.engine))
        self._watches = gate_watches(
            self._recorder, state.database, files, parts.profile, settings.environment, self._clock
        )

    def run(self, live: LiveGallery) -> None:
        """Serve until the feed ends or a stop is asked for."""
        source = self._source
        people = WatchedGallery(
            live, self._parts.profile, self._settings.environment, self._clock, self._bus.on_anomaly
        )
        people()
        name_process(site=self._identity.site, gate=self._identity.gate, boot_id=self._identity.boot_id)
        self._commands.start(self._messenger.respond)
        self._messenger.start()
        self._audit.start()
        try:
            self._metrics.start()
            self._actor.record_lifecycle(LifecyclePhase.STARTING, version("edge-gate"))
            with CameraFeed(
                source,
                clock=self._clock,
                stall_after_ms=int(self._settings.camera.stall_after_ms),
                guard=camera_guard(self._settings, source),
            ) as feed:
                gate = build_gate(
                    self._parts,
                    source,
                    feed.clock,
                    is_lock_step=feed.is_lock_step,
                    people=people,
                    limits=self._standing.restored(feed.clock),
                    health=self._health,
                    seen=self._evidence.see,
                )
                self._notifier.ready()
                self._notifier.status(_SERVES)
                log.info("gate.started", camera=source.redacted, precision=self._parts.models.precision.value)
                self._serve(feed, gate)
        finally:
            self._notifier.stopping()
            self._farewell()

    def _serve(self, feed: CameraFeed, gate: Gate) -> None:
        outcomes = Outcomes(
            gate, feed.clock, self._standing, self._kiosk, lambda decided: self._act(decided, gate, feed.clock)
        )
        watchdog = Watchdog(self._notifier, feed.clock, engines_within_s=engines_within_s(self._settings))
        desk = self._commands.desk(
            self._actor, GateSink(gate, self._standing, outcomes.take, self._replays), feed.clock
        )

        def turn() -> None:
            with self._recorder.kept():
                self._between_frames(desk)
                outcomes.turn()

        try:
            for step in steps(
                feed,
                gate,
                is_stopping=self._hooks.is_stopping,
                is_patient=True,
                on_frame=self._metrics.note_frame,
                after_frame=lambda: watchdog.frame_passed(gate.answered_ns),
                every_turn=turn,
            ):
                with self._recorder.kept():
                    outcomes.take(step)
        finally:
            with self._recorder.kept():
                outcomes.close()

    def _health(self) -> EdgeError | None:
        fault = self._watches()
        reason = None if fault is None else fault.reason
        if reason is not self._bus.fault:
            self._bus.fault = reason
            self._notifier.status(_SERVES if reason is None else f"denies everybody: {reason.value}")
            self._messenger.beat()
        return fault

    def _act(self, decided: Step, gate: Gate, clock: Clock) -> None:
        with correlated(decided.verdicts[0].attempt_id if decided.verdicts else None):
            self._record(decided, gate, clock)

    def _record(self, decided: Step, gate: Gate, clock: Clock) -> None:
        begun_ns = self._clock.monotonic_ns()
        step = self._recorder.act(decided)
        self._metrics.note_step(step, (self._clock.monotonic_ns() - begun_ns) / 1e6)
        for verdict in step.verdicts:
            log_attempt(verdict, gate.limits, clock.monotonic_ns())
            self._evidence.decide(verdict)
        for anomaly in step.anomalies:
            log.warning("anomaly.raised", anomaly=anomaly.anomaly.value, detail=anomaly.detail)
        for report in self._drift.note(step.granted):
            self._record_anomaly(report)
        self._hooks.on_step(step)

    def _between_frames(self, desk: CommandDesk) -> None:
        """Carry out commands, and record what the bus told, also while no frame comes."""
        desk.work()
        self._retention.turn()
        while not self._bus.anomalies.empty():
            report = self._bus.anomalies.get()
            self._record_anomaly(report)
            self._hooks.on_step(Step(anomalies=(report,)))

    def _record_anomaly(self, report: AnomalyReport) -> None:
        self._recorder.record_anomaly(report)
        self._metrics.note_anomaly(report)

    def _farewell(self) -> None:
        try:
            self._actor.record_lifecycle(LifecyclePhase.STOPPING, version("edge-gate"))
        except EdgeError as error:
            log.exception("lifecycle.not_recorded", error=str(error), hint=error.hint)
        self._audit.stop()  # its last checkpoint covers the stop that was recorded just now
        self._messenger.stop()
        self._commands.stop()
        self._metrics.stop()
        unname_process()


def _door(settings: Settings, clock: Clock) -> Door | None:
    return MqttOnlyDoor(clock, longest_age_ms=DOOR_AGE_MS) if settings.door.kind == "mqtt-only" else None
