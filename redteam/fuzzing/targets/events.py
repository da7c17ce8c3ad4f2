"""Events at a consumer with a door, and the file in which it remembers them."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge.domain.event import EventKind
from edge.messaging.consumer.door import DoorAnswer, DoorListener
from edge.messaging.consumer.memory import ConsumerMemory
from edge.messaging.consumer.reader import EventReader, Genuine
from edge.messaging.envelope import SIGNATURE_CONTEXT
from edge.messaging.wire import Incoming
from edge.trust.signing import verify
from redteam.fuzzing.mutate import mutated, mutated_json
from redteam.fuzzing.target import Target, promise
from redteam.fuzzing.targets.examples import (
    IDENTITY,
    SIGNER,
    STRANGER,
    body_of,
    choice_of,
    examples,
    signed_anew,
)

_KINDS = tuple(f"io.egate.{kind}.v1" for kind in EventKind)
_KEYS = {IDENTITY.source: (SIGNER.public_key,)}
_SKEW = dt.timedelta(seconds=2)


class _Clock:
    def utc(self) -> dt.datetime:
        return dt.datetime(2026, 3, 14, 12, 0, 1, tzinfo=dt.UTC)

    def monotonic_ns(self) -> int:
        return 1


def _prepare_events(_: Path) -> Callable[[bytes], None]:
    genuine = {body_of(one) for one in examples(*_KINDS)}

    def run(data: bytes) -> None:
        """As it is; signed by a stranger; signed by the gate's own key, as if the gate had gone mad; to be kept."""
        mode = choice_of(data, 4)
        signer = (None, STRANGER, SIGNER, None)[mode]
        payload = data if signer is None else signed_anew(data, signer, SIGNATURE_CONTEXT)
        kind = next((kind for kind in EventKind if f"io.egate.{kind}.v1".encode() in payload), EventKind.DECISION)
        message = Incoming(IDENTITY.topics.event(kind).topic, payload, mode == 3)
        reader = EventReader(_KEYS, verify, ConsumerMemory())
        is_believed = isinstance(reader.judge(message), Genuine)
        answer = _door(reader).take(message)
        if is_believed and mode != 2:
            promise(mode == 0 and body_of(payload) in genuine, "an event was believed that the gate did not sign")
        if answer is DoorAnswer.OPENED:
            promise(_may_open(json.loads(payload)), "a door opened for what is no fresh grant of its own")

    return run


def _door(reader: EventReader) -> DoorListener:
    def nothing() -> None:
        """Move no door."""

    return DoorListener(reader, _Clock(), access_point=IDENTITY.access_point, remember=nothing, release=nothing)


def _may_open(event: dict[str, Any]) -> bool:
    """Return whether an event may open, by rules of its own that are no part of the gate."""
    now = _Clock().utc()
    return (
        event["type"] == "io.egate.decision.v1"
        and event["source"] == "/egate/north/lobby"
        and event["subject"] == "front-door"
        and event["data"]["decision"] == "granted"
        and dt.datetime.fromisoformat(event["time"]) <= now + _SKEW
        and now < dt.datetime.fromisoformat(event["expirytime"])
    )


def _prepare_memory(folder: Path) -> Callable[[bytes], None]:
    file = folder / "seen.json"

    def run(data: bytes) -> None:
        file.write_bytes(data)
        memory = ConsumerMemory.load(file)
        memory.save(folder / "again.json")
        ConsumerMemory.load(folder / "again.json")

    return run


def _memories() -> list[bytes]:
    chain = {"seen": [[1, 7], [9, 12]], "last_decision": 12, "boot_id": "0123abcd"}
    gates = {"/egate/north/lobby": {"0" * 32: chain, "1" * 32: {**chain, "seen": []}}}
    return [json.dumps({"version": 1, "gates": gates}).encode(), b'{"version": 1, "gates": {}}']


EVENTS = Target(
    name="events",
    corpus=lambda: examples(*_KINDS),
    prepare=_prepare_events,
    mutations=(mutated, mutated_json),
    allowed=(),
)
MEMORY = Target(name="memory", corpus=_memories, prepare=_prepare_memory, mutations=(mutated, mutated_json))
