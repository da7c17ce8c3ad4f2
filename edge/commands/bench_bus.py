"""Both ends of ``bench messages``: a gate without a camera, whole behind its decisions, and its listener."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final, TextIO, cast

from edge.daemon.outbox_keeper import OutboxKeeper
from edge.domain.anomaly import AnomalyReport
from edge.domain.clock import SystemClock
from edge.domain.errors import BrokerError
from edge.domain.finding import Finding
from edge.domain.match import SubjectRef
from edge.domain.reasons import Decision, Outcome, Reason
from edge.domain.verdict import AttemptId, Verdict
from edge.messaging.entries import anomaly_entry
from edge.messaging.identity import GateIdentity
from edge.messaging.link import Link, LinkState
from edge.messaging.messenger import Messenger
from edge.messaging.options import BrokerOptions
from edge.messaging.payloads import HealthV1
from edge.messaging.replays import ReplayQueue, ReplayTerms
from edge.messaging.status import birth_certificate
from edge.pipeline.act import Actor
from edge.settings.record_sections import OutboxSection
from edge.store.state import State, open_state
from edge.trust.keys import KeyRing

_IDENTITY: Final = GateIdentity("bench", "gate", "front-door", "0" * 16)
_DEFENSES: Final = ("sanitize", "randomize", "squeeze", "agree", "distribution", "replay", "detector")
_JOIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What the listener tells of.

    Attributes:
        events: sequence and monotonic nanoseconds of arrival, in order of arrival, each event once.
        repeated: how many came once more.
    """

    events: tuple[tuple[int, int], ...]
    repeated: int

    @property
    def is_in_order(self) -> bool:
        """Whether the sequence only grows."""
        sequences = [sequence for sequence, _ in self.events]
        return sequences == sorted(sequences)


class Listener:
    """The consumer's process."""

    def __init__(self, orders: TextIO, answers: TextIO) -> None:
        """Take both ends of its pipes."""
        self._orders = orders
        self._answers = answers

    def ask(self, count: int, patience_s: float) -> None:
        """Let it wait for so many more events; ``answer`` has them."""
        self._orders.write(f"{count} {patience_s}\n")
        self._orders.flush()

    def answer(self) -> Heard:
        """Return what it heard since ``ask``.

        Raises:
            BrokerError: its process ended.
        """
        told = json.loads(self.line() or "null")
        if told is None:
            raise BrokerError("the listener ended", hint="look at what it wrote on stderr, then run it again")
        return Heard(tuple((sequence, arrived) for sequence, arrived in told["heard"]), told["repeated"])

    def line(self) -> str:
        """Return the next line that it says, empty at its end."""
        return self._answers.readline().strip()


@contextmanager
def listener(host: str, port: int) -> Iterator[Listener]:
    """A listener whose subscription stands, until the end.

    Raises:
        BrokerError: it does not come up.
    """
    words = [sys.executable, "-m", "edge.commands.bench_listener", host, str(port)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        orders, answers = cast("TextIO", process.stdin), cast("TextIO", process.stdout)
        try:
            started = Listener(orders, answers)
            if started.line() != "ready":
                raise BrokerError("the listener cannot subscribe", hint="try it again on a quieter machine")
            yield started
        finally:
            orders.close()
            try:
                process.wait(_JOIN_S)
            except subprocess.TimeoutExpired:
                process.kill()


class BenchGate:
    """Decides, records and tells as the daemon does; what is decided is made up."""

    def __init__(self, state: State, keys: KeyRing, options: BrokerOptions) -> None:
        """Take everything; connect nothing yet."""
        self._clock = SystemClock()
        self._state = state
        self._decided = 0
        replays = ReplayQueue(state.ledger, keys.signer, self._clock, ReplayTerms(1_000, 100), self.on_anomaly)
        birth = birth_certificate(
            _IDENTITY, version=version("edge-gate"), models={}, policy_digest="0" * 64, key_id=keys.signer.key_id
        )
        keeper = OutboxKeeper(
            state.outbox,
            state.upkeep,
            replays,
            OutboxSection(),
            lambda report: anomaly_entry(report, _IDENTITY, keys.signer, self._clock.utc()),
            self._clock,
            0,
        )
        self.messenger = Messenger(options, _IDENTITY.topics, birth, keeper, self._clock, self)
        self._actor = Actor(
            ledger=state.ledger,
            door=None,
            identity=_IDENTITY,
            signer=keys.signer,
            clock=self._clock,
            wake=self.messenger.wake,
        )

    def decide(self) -> tuple[int, int, int]:
        """Record one decision; return its sequence, and monotonic nanoseconds before and after it was on disk.

        Raises:
            StoreError: it could not be recorded.
        """
        verdict = self._verdict()
        began_ns = self._clock.monotonic_ns()
        ticket = self._actor.record_verdict(verdict)
        return ticket.seq, began_ns, self._clock.monotonic_ns()

    def row_bytes(self) -> int:
        """Return what the last decision's audit row and message hold."""
        (message,) = self._state.outbox.pending(1)
        (record,) = self._state.ledger.records(message.seq)
        return len(record.body) + len(record.hash) + len(record.previous_hash) + len(message.message.payload)

    def is_connected(self) -> bool:
        """Whether the broker is there."""
        return self.messenger.link.state is LinkState.CONNECTED

    def on_link(self, link: Link) -> None:
        """Hear of the connection (``BusListener``)."""

    def on_anomaly(self, report: AnomalyReport) -> None:
        """Hear of an anomaly (``BusListener``)."""

    def health(self) -> HealthV1:
        """Say that all is well (``BusListener``)."""
        return HealthV1(boot_id=_IDENTITY.boot_id, uptime_s=0, outbox_rows=0, fault=None)

    def _verdict(self) -> Verdict:
        """Return a verdict as a gate with all its defenses makes one; each second one is a grant."""
        self._decided += 1
        is_granted = self._decided % 2 == 0
        findings = tuple(
            Finding(defense=name, outcome=Outcome.PASS, statistic=0.8125, threshold=0.4375) for name in _DEFENSES
        )
        now_ns = self._clock.monotonic_ns()
        return Verdict(
            attempt_id=AttemptId(f"attempt-{self._decided}"),
            decision=Decision.GRANTED if is_granted else Decision.DENIED,
            reason=Reason.MATCH if is_granted else Reason.UNKNOWN_PERSON,
            subject=SubjectRef("p-" + "0" * 32) if is_granted else None,
            findings=findings,
            frames=3,
            started_ns=now_ns - 400_000_000,
            decided_ns=now_ns,
            decided_utc=self._clock.utc(),
            policy_digest="0" * 64,
        )


@contextmanager
def bench_gate(folder: Path, host: str, port: int) -> Iterator[BenchGate]:
    """A gate in a new state folder, its messenger not started yet, stopped at the end.

    Raises:
        StoreError: the folder cannot be used.
    """
    keys = KeyRing.open(folder, is_new=True)
    with open_state(folder, keys) as state:
        gate = BenchGate(state, keys, BrokerOptions(host=host, port=port, client_id="bench-gate"))
        try:
            yield gate
        finally:
            gate.messenger.stop()
