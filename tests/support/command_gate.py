"""A gate that takes commands, on a real broker over a real store: everything of the daemon but camera and models."""

import datetime as dt
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.daemon.command_room import CommandRoom
from edge.daemon.outbox_keeper import OutboxKeeper
from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.claim import Claim
from edge.domain.clock import Clock, SystemClock
from edge.domain.command import CommandOutcome, CommandResult, ReplayOrder
from edge.domain.limit_scope import LimitScope
from edge.domain.posture import Posture
from edge.messaging.commands.payloads import AnyCommand
from edge.messaging.commands.sender import CommandSender, Sent
from edge.messaging.entries import anomaly_entry
from edge.messaging.link import Link, LinkState
from edge.messaging.messenger import Messenger
from edge.messaging.options import BrokerOptions
from edge.messaging.payloads import HealthV1
from edge.messaging.replays import ReplayQueue, ReplayTerms
from edge.pipeline.act import Actor
from edge.settings.record_sections import OutboxSection
from edge.settings.sections import CommandKeySection, TrustSection
from edge.store.state import State, open_state
from edge.trust.keys import KeyRing
from edge.trust.signing import Signer
from tests.support.bus import some_options
from tests.support.commands import KEYS, SENDER
from tests.support.messages import IDENTITY, SIGNER, a_birth
from tests.support.waiting import wait_for

TRUST = TrustSection(
    command_keys=tuple(
        CommandKeySection(public_key=key.public_key.hex(), name=key.name, commands=key.commands)
        for key in KEYS.values()
    )
)
_SET_SINCE = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_FRAME_S = 0.01


class CommandGate:
    """What reached the sink and what was told; its thread goes between imaginary frames."""

    def __init__(self, options: BrokerOptions, state: State, clock: Clock) -> None:
        self.state = state
        self.claims: list[Claim] = []
        self.orders: list[object] = []
        self.anomalies: list[AnomalyReport] = []
        self.frames = 0
        self.pause = threading.Event()
        self._options = options
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gate")
        self.room = CommandRoom(TRUST, IDENTITY, SIGNER, clock, set_since=_SET_SINCE, tell=self.on_anomaly)
        self.replays = ReplayQueue(
            state.ledger, SIGNER, SystemClock(), ReplayTerms(most_events=50, per_s=500), self.on_anomaly
        )
        keeper = OutboxKeeper(
            state.outbox,
            state.upkeep,
            self.replays,
            OutboxSection(most_attempts=2),
            lambda report: anomaly_entry(report, IDENTITY, SIGNER, SystemClock().utc()),
            SystemClock(),
            int(_SET_SINCE.timestamp() * 1_000),
        )
        self.messenger = Messenger(
            options, IDENTITY.topics, a_birth(), keeper, SystemClock(), self, self.room.hand_over
        )
        self.actor = Actor(
            ledger=state.ledger,
            door=None,
            identity=IDENTITY,
            signer=SIGNER,
            clock=SystemClock(),
            wake=self.messenger.wake,
        )
        self._desk = self.room.desk(self.actor, self, SystemClock())

    def start(self) -> None:
        self.room.start(self.messenger.respond)
        self.messenger.start()
        self._thread.start()
        wait_for(lambda: self.messenger.link.state is LinkState.CONNECTED, "the gate is connected")

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(10)
        self.messenger.stop()
        self.room.stop()

    def on_claim(self, claim: Claim) -> CommandResult:
        self.claims.append(claim)
        return CommandResult()

    def on_unlock(self, scope: LimitScope, target: str | None) -> CommandResult:
        self.orders.append((scope, target))
        return CommandResult(CommandOutcome.DECLINED, "there is no such hold")

    def on_posture(self, posture: Posture) -> CommandResult:
        self.orders.append(posture)
        return CommandResult()

    def on_replay(self, order: ReplayOrder) -> CommandResult:
        return self.replays.ask(order)

    def on_link(self, link: Link) -> None: ...

    def on_anomaly(self, report: AnomalyReport) -> None:
        self.anomalies.append(report)

    def health(self) -> HealthV1:
        return HealthV1(boot_id=IDENTITY.boot_id, uptime_s=1, outbox_rows=0, fault=None)

    def kinds(self) -> set[Anomaly]:
        return {report.anomaly for report in self.anomalies}

    def _run(self) -> None:
        while not self._stopping.wait(_FRAME_S):
            if not self.pause.is_set():
                self.frames += 1
                self._desk.work()


@contextmanager
def command_gate(options: BrokerOptions, folder: Path, clock: Clock | None = None) -> Iterator[CommandGate]:
    """A started gate, stopped at the end."""
    with open_state(folder / "state", KeyRing(signer=SIGNER, gallery_key=bytes(32))) as state:
        gate = CommandGate(options, state, clock or SystemClock())
        gate.start()
        try:
            yield gate
        finally:
            gate.stop()


def send(port: int, data: AnyCommand, signer: Signer = SENDER, *, gate_key: bytes = SIGNER.public_key) -> Sent:
    """Send a command to the gate as somebody who knows its key, and return its answer."""
    options = some_options(port, f"sender-{os.urandom(4).hex()}")
    with CommandSender(options, IDENTITY.topics, signer, SystemClock(), gate_key=gate_key) as sender:
        return sender.send(data, patience_s=3)
