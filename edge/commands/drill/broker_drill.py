"""The drill of a broker that goes away: the whole daemon, a real broker, and a consumer that checks signatures.

Nobody is denied for it: the gate decides and keeps what it decided. What is shown here is that nothing can open
meanwhile, nor later by what was decided meanwhile, since a decision expires before it is of any use to anybody.
"""

import queue
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path

from edge.commands.demo.broker import DemoBroker
from edge.commands.drill.result import DrillResult
from edge.commands.drill.rig import PERSON, Base
from edge.daemon.service import ServiceHooks, serve
from edge.daemon.state import open_gate_state
from edge.domain.anomaly import Anomaly
from edge.domain.clock import SystemClock
from edge.messaging.follower import Follower
from edge.messaging.identity import GateIdentity
from edge.messaging.options import BrokerOptions
from edge.messaging.topics import EVENTS_OF_ALL_GATES
from edge.messaging.verification import Event, may_open, verify_event
from edge.messaging.wire import Incoming
from edge.pipeline.step import Step
from edge.settings.sections import BrokerSection, CameraSection, DoorSection, StateSection
from edge.settings.tree import Settings
from edge.trust.signing import verify

NAME = "broker_away"
_AWAY_NS = 3_000_000_000  # longer than a decision is valid
_PATIENCE_NS = 60_000_000_000
_LIMIT_MS = 1_000


class _Phase(Enum):
    WELL = auto()
    AWAY = auto()
    BACK = auto()
    OVER = auto()


class _Consumer:
    """The side of the door: which decisions would open it now."""

    def __init__(self, port: int, host: str, identity: GateIdentity, public_key: bytes) -> None:
        self._keys = {identity.source: (public_key,)}
        self._door = identity.access_point
        self._clock = SystemClock()
        self._arrived: queue.SimpleQueue[Incoming] = queue.SimpleQueue()
        options = BrokerOptions(
            host=host, port=port, client_id="drill-consumer", session_expiry_s=0, least_backoff_s=0.1
        )
        self._follower = Follower(options, (EVENTS_OF_ALL_GATES,), self._arrived.put, self._clock)
        self._sequence = 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Follow the events within."""
        self._follower.start()
        try:
            yield
        finally:
            self._follower.stop()

    def openings(self) -> list[Event]:
        """Return the decisions that came since the last call and would open the door now."""
        found = []
        while not self._arrived.empty():
            event = verify_event(self._arrived.get().payload, keys=self._keys, verify=verify)
            now = self._clock.utc()
            if may_open(event, access_point=self._door, now_utc=now, after_sequence=self._sequence):
                self._sequence = event.sequence
                found.append(event)
        return found


class _Timeline:
    """What happens and when; asked by the daemon before every frame, as whether to stop."""

    def __init__(self, broker: DemoBroker, consumer: _Consumer) -> None:
        self.phase = _Phase.WELL
        self.has_opened = False
        self.told_ns: int | None = None
        self.gone_ns = self.back_ns = 0
        self.recovered_ns: int | None = None
        self._broker = broker
        self._consumer = consumer
        self._clock = SystemClock()
        self._since_ns = self._clock.monotonic_ns()

    def on_step(self, step: Step) -> None:
        if self.phase is _Phase.AWAY and self.told_ns is None:
            told = any(report.anomaly is Anomaly.FAULT_BROKER for report in step.anomalies)
            self.told_ns = self._clock.monotonic_ns() if told else None

    def is_over(self) -> bool:
        openings = self._consumer.openings()
        now_ns = self._clock.monotonic_ns()
        if self.phase is _Phase.WELL and openings:
            self._broker.stop()
            self._consumer.openings()  # what was on its way
            self.gone_ns = self._enter(_Phase.AWAY)
        elif self.phase is _Phase.AWAY:
            self.has_opened |= bool(openings)
            if now_ns - self._since_ns > _AWAY_NS:
                self._broker.start()
                self.back_ns = self._enter(_Phase.BACK)
        elif self.phase is _Phase.BACK and openings:
            self.recovered_ns = self._enter(_Phase.OVER)
        elif now_ns - self._since_ns > _PATIENCE_NS:
            self._enter(_Phase.OVER)
        return self.phase is _Phase.OVER

    def _enter(self, phase: _Phase) -> int:
        self.phase = phase
        self._since_ns = self._clock.monotonic_ns()
        return self._since_ns


def play_without_broker(base: Base) -> DrillResult:
    """Play the drill and return how it went.

    Raises:
        EdgeError: there is no broker on this machine, or what should work does not.
    """
    with tempfile.TemporaryDirectory(prefix="edge-gate-drill-") as folder, DemoBroker() as broker:
        state = Path(shutil.copytree(base.settings.state_dir, Path(folder) / "state"))
        settings = _settings(base.settings, broker, state)
        opened, keys = open_gate_state(settings)
        opened.close()
        identity = GateIdentity(settings.gate.site, settings.gate.gate, settings.gate.access_point, "drill")
        consumer = _Consumer(broker.port, broker.host, identity, keys.signer.public_key)
        with consumer.listening():
            timeline = _Timeline(broker, consumer)
            serve(settings, ServiceHooks(is_stopping=timeline.is_over, on_step=timeline.on_step))
    return _result(timeline)


def _settings(settings: Settings, broker: DemoBroker, state: Path) -> Settings:
    """Return the settings of a whole daemon; whatever is unsafe here opens no door that is real."""
    camera: CameraSection = settings.camera.model_copy(update={"source": PERSON, "unsafe_source": True})
    return settings.model_copy(
        update={
            "camera": camera,
            "broker": BrokerSection(host=broker.host, port=broker.port),
            "door": DoorSection(kind="mqtt-only"),
            "state": StateSection(dir=state),
        }
    )


def _result(timeline: _Timeline) -> DrillResult:
    detected_ms = None if timeline.told_ns is None else round((timeline.told_ns - timeline.gone_ns) / 1e6)
    recovered = timeline.recovered_ns
    recovered_ms = None if recovered is None else round((recovered - timeline.back_ns) / 1e6)
    if not timeline.gone_ns:
        problem = "no decision arrived before the broker went away"
    elif timeline.has_opened:
        problem = "something opened while the broker was away"
    elif detected_ms is None or detected_ms > _LIMIT_MS:
        problem = "its loss was not told in time"
    else:
        problem = "" if recovered_ms is not None else "decisions did not arrive when it was back"
    return DrillResult(
        drill=NAME,
        ok=not problem,
        denied=bool(timeline.gone_ns) and not timeline.has_opened,
        anomaly=None if timeline.told_ns is None else Anomaly.FAULT_BROKER.value,
        detected_ms=detected_ms,
        recovered_ms=recovered_ms,
        hint=f"{problem}: look at edge/messaging" if problem else "",
    )
