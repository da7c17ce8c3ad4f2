"""A gate with a door whose disk fills up and gets room again; what came of it is one JSON object on stdout.

``python -m tests.support.cramped_gate FOLDER``, where FOLDER is a small file system of its own.
"""

import json
import sys
import threading
from dataclasses import replace
from pathlib import Path

from edge.daemon.recorder import Recorder
from edge.domain.clock import SystemClock
from edge.domain.reasons import Decision
from edge.domain.verdict import AttemptId
from edge.door.fake import FakeDoor
from edge.pipeline.act import Actor
from edge.pipeline.step import Step
from edge.store.state import State, open_state
from edge.telemetry.logs import configure_logs
from edge.trust.keys import KeyRing
from tests.support.messages import IDENTITY, SIGNER, a_verdict

_ENOUGH = 5_000
_WAIT_S = 30.0


def main(disk: Path) -> None:
    """Grant until the disk is full, go on while it is, make room, and grant again."""
    configure_logs(level="error")
    clock = SystemClock()
    filler = disk / "filler"
    filler.write_bytes(bytes(256 * 1024))
    with open_state(disk / "state", KeyRing(signer=SIGNER, gallery_key=bytes(32))) as state:
        door = FakeDoor(clock, longest_age_ms=60_000)
        actor = Actor(
            ledger=state.ledger, door=door, identity=IDENTITY, signer=SIGNER, clock=clock, wake=lambda: None
        )
        recorder = Recorder(actor, clock)
        granted = _until(recorder, clock, Decision.DENIED)
        full = str(recorder())
        _ask(recorder, clock, 20)
        opened_before = len(door.openings)
        filler.unlink()
        pause = threading.Event()
        for _ in range(int(_WAIT_S * 10)):
            if recorder() is None:
                break
            pause.wait(0.1)
        _ask(recorder, clock, 3)
        _say(state, door, {"granted": granted, "full": full, "opened_before": opened_before})


def _until(recorder: Recorder, clock: SystemClock, decision: Decision) -> int:
    for number in range(_ENOUGH):
        if _one(recorder, clock, f"first-{number}") is decision:
            return number
    return _ENOUGH


def _ask(recorder: Recorder, clock: SystemClock, count: int) -> None:
    for number in range(count):
        _one(recorder, clock, f"more-{clock.monotonic_ns()}-{number}")


def _one(recorder: Recorder, clock: SystemClock, attempt: str) -> Decision:
    now_ns = clock.monotonic_ns()
    verdict = replace(
        a_verdict(decided_utc=clock.utc()), attempt_id=AttemptId(attempt), started_ns=now_ns, decided_ns=now_ns
    )
    (acted,) = recorder.act(Step(verdicts=(verdict,))).verdicts
    return acted.decision


def _say(state: State, door: FakeDoor, told: dict[str, object]) -> None:
    bodies = [json.loads(record.body)["data"] for record in state.ledger.records()]
    recorded = [body["attempt"] for body in bodies if body.get("decision") == "granted"]
    told |= {
        "opened": list(door.openings),
        "recorded": recorded,
        "waiting": state.outbox.depth(),
        "rows": len(bodies),
        "is_whole": state.ledger.verify_chain().is_whole,
        "anomalies": [body["detail"] for body in bodies if "anomaly" in body],
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
