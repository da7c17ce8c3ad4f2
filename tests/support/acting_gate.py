"""Gates that decide, open, record and drain until they are killed: a real store, ledger, client and drain. No camera.

``python -m tests.support.acting_gate`` loads once and then forks a gate for each line ``PORT FOLDER SEED`` that comes
in; it says the gate's process id, and ``ended`` when that process is gone. A ``SEED`` of ``drain`` decides nothing
and ends when nothing is owed. What a gate did is in ``FOLDER.acts``, one line written at once for each: ``open
ATTEMPT`` by the door, ``SEQ ATTEMPT DECISION`` after it was told that the decision is on record.
"""

import dataclasses
import os
import random
import sys
import threading
from pathlib import Path

from edge.domain.anomaly import AnomalyReport
from edge.domain.clock import SystemClock
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import AttemptId, Verdict
from edge.messaging.link import Link
from edge.messaging.messenger import Messenger
from edge.messaging.payloads import HealthV1
from edge.pipeline.act import Actor
from edge.store.state import State, open_state
from edge.telemetry.logs import configure_logs
from edge.trust.keys import KeyRing
from tests.support.bus import some_options
from tests.support.messages import IDENTITY, SIGNER, a_birth, a_verdict

_POLL_S = 0.01


class _Acts:
    """The door, and what was done: in the kernel's hands with each line, whoever is killed then."""

    def __init__(self, file: Path) -> None:
        self._handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def open(self, verdict: Verdict) -> None:
        self.note(f"open {verdict.attempt_id}")

    def note(self, line: str) -> None:
        os.write(self._handle, f"{line}\n".encode())


class _Listener:
    def on_link(self, link: Link) -> None: ...

    def on_anomaly(self, report: AnomalyReport) -> None: ...

    def health(self) -> HealthV1:
        return HealthV1(boot_id=IDENTITY.boot_id, uptime_s=0, outbox_rows=0, fault=None)


def _serve(port: int, folder: Path, seed: str) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    acts = _Acts(folder.with_suffix(".acts"))
    with open_state(folder, KeyRing(signer=SIGNER, gallery_key=bytes(32))) as state:
        messenger = Messenger(
            some_options(port), IDENTITY.topics, a_birth(), state.outbox, SystemClock(), _Listener()
        )
        messenger.start()
        if seed == "drain":
            while state.outbox.depth():
                threading.Event().wait(_POLL_S)
            messenger.stop()
        else:
            _decide(state, messenger, acts, random.Random(seed), seed)


def _decide(state: State, messenger: Messenger, acts: _Acts, chance: random.Random, name: str) -> None:
    clock = SystemClock()
    actor = Actor(ledger=state.ledger, door=acts, identity=IDENTITY, signer=SIGNER, clock=clock, wake=messenger.wake)
    number = 0
    while True:
        number += 1
        decision, reason = chance.choice([(Decision.GRANTED, Reason.MATCH), (Decision.DENIED, Reason.UNKNOWN_PERSON)])
        attempt = AttemptId(f"attempt-{name}-{number}")
        ticket = actor.record_verdict(_verdict(decision, reason, attempt, clock))
        acts.note(f"{ticket.seq} {attempt} {decision.value}")
        if chance.random() < 0.3:
            threading.Event().wait(chance.uniform(0, 0.02))


def _verdict(decision: Decision, reason: Reason, attempt: AttemptId, clock: SystemClock) -> Verdict:
    return dataclasses.replace(a_verdict(decision, reason, decided_utc=clock.utc()), attempt_id=attempt)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Fork a gate for each line."""
    configure_logs(level="error")
    for line in sys.stdin:
        port, folder, seed = line.split()
        child = os.fork()
        if child == 0:
            try:
                _serve(int(port), Path(folder), seed)
            finally:
                os._exit(0)
        _say(str(child))
        os.waitpid(child, 0)
        _say("ended")


if __name__ == "__main__":
    main()
