"""Every reason not to believe a message, one at a time, against one that holds."""

import base64
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from edge.domain.errors import TrustError
from edge.domain.event import EventKind, Ticket
from edge.messaging.consumer.memory import MOST_CHAINS, ConsumerMemory
from edge.messaging.consumer.reader import EventProblem, EventReader, Genuine, Refused
from edge.messaging.envelope import SIGNATURE_CONTEXT, canonical, decision_message
from edge.messaging.wire import Incoming
from edge.trust.signing import Signer, verify
from tests.support.messages import IDENTITY, KEYS, NOON, SIGNER, a_decision, a_verdict

STRANGER = Signer(b"a key that nobody lists, of 32 b")
TOPIC = IDENTITY.topics.event(EventKind.DECISION).topic


def a_reader(memory: ConsumerMemory | None = None) -> EventReader:
    return EventReader(KEYS, verify, memory or ConsumerMemory())


def message(payload: bytes | None = None, topic: str = TOPIC, *, is_retained: bool = False) -> Incoming:
    return Incoming(topic, a_decision(7).payload if payload is None else payload, is_retained)


def signed(signer: Signer = SIGNER, **changes: Any) -> bytes:
    event = {**json.loads(a_decision(7).payload), **changes}
    del event["signature"]
    signature = signer.sign(canonical(event), context=SIGNATURE_CONTEXT)
    return canonical({**event, "signature": base64.b64encode(signature).decode()})


def problem(reader: EventReader, incoming: Incoming) -> EventProblem:
    judged = reader.judge(incoming)
    assert isinstance(judged, Refused)
    return judged.problem


def test_an_event_of_the_gate_is_believed_once() -> None:
    reader = a_reader()
    judged = reader.judge(message())
    assert isinstance(judged, Genuine)
    assert (judged.kind, judged.event.sequence, judged.is_new_chain) == (EventKind.DECISION, 7, False)
    assert isinstance(reader.judge(message()), Genuine), "judging alone remembers nothing"
    reader.note(judged)
    assert problem(reader, message()) is EventProblem.REPEATED
    assert problem(reader, message()).is_everyday


@pytest.mark.parametrize(
    ("incoming", "expected"),
    [
        (message(is_retained=True), EventProblem.RETAINED),
        (message(signed(STRANGER)), EventProblem.FORGED),
        (message(signed(STRANGER, keyid=STRANGER.key_id)), EventProblem.FORGED),
        (message(a_decision(7).payload.replace(b"subject-7", b"subject-8")), EventProblem.FORGED),
        (message(signed(source="/egate/site1/gate2")), EventProblem.FORGED),
        (message(b"granted"), EventProblem.FORGED),
        (message(topic=TOPIC.replace("gate1", "gate2")), EventProblem.OTHER_TOPIC),
        (message(topic=TOPIC.replace("decision", "anomaly")), EventProblem.OTHER_TOPIC),
        (message(topic=TOPIC.replace("evt", "state")), EventProblem.OTHER_TOPIC),
        (message(signed(type="io.egate.decision.v2")), EventProblem.OTHER_TOPIC),
        (message(signed(id="chain1-8")), EventProblem.OTHER_PLACE),
        (message(signed(id="7")), EventProblem.OTHER_PLACE),
        (message(signed(id="-7")), EventProblem.OTHER_PLACE),
    ],
)
def test_what_is_not_the_gates_own_event_in_its_place_is_refused(incoming: Incoming, expected: EventProblem) -> None:
    memory = ConsumerMemory()
    assert problem(a_reader(memory), incoming) is expected
    assert not expected.is_everyday
    assert memory.chains_of(IDENTITY.source) == (), "a stranger leaves nothing behind"


def test_a_late_event_is_new_and_one_of_another_chain_is_told() -> None:
    memory = ConsumerMemory()
    reader = a_reader(memory)
    for seq in (9, 7):
        judged = reader.judge(message(a_decision(seq).payload))
        assert isinstance(judged, Genuine)
        reader.note(judged)
    chain = memory.chain(IDENTITY.source, "chain1")
    assert (chain.seen.holes, chain.last_decision, chain.boot_id) == (((8, 8),), 9, IDENTITY.boot_id)
    other = decision_message(a_verdict(), IDENTITY, Ticket("chain2", 1), SIGNER, NOON)
    judged = reader.judge(message(other.payload))
    assert isinstance(judged, Genuine)
    assert judged.is_new_chain


def test_the_chains_of_one_gate_are_bounded() -> None:
    memory = ConsumerMemory()
    for number in range(2 * MOST_CHAINS):
        memory.chain(IDENTITY.source, f"chain{number}")
    assert len(memory.chains_of(IDENTITY.source)) == MOST_CHAINS


def test_the_memory_outlives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "seen.json"
    assert ConsumerMemory.load(file).chains_of(IDENTITY.source) == ()
    memory = ConsumerMemory()
    reader = a_reader(memory)
    judged = reader.judge(message())
    assert isinstance(judged, Genuine)
    reader.note(judged)
    memory.save(file)
    again = a_reader(ConsumerMemory.load(file))
    assert problem(again, message()) is EventProblem.REPEATED
    kept = ConsumerMemory.load(file).chain(IDENTITY.source, "chain1")
    expected = memory.chain(IDENTITY.source, "chain1")
    assert dataclasses.replace(kept, seen=expected.seen) == expected
    assert kept.seen.ranges == expected.seen.ranges


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"version": 2, "gates": {}}',
        b'{"version": 1, "gates": []}',
        b'{"version": 1, "gates": {"a": {"b": {"seen": [[2, 1]], "last_decision": 0, "boot_id": ""}}}}',
        b'{"version": 1, "gates": {"a": {"b": {"seen": [[true, 4]], "last_decision": 0, "boot_id": ""}}}}',
        b'{"version": 1, "gates": {"a": {"b": {"seen": [], "last_decision": -1, "boot_id": ""}}}}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_a_memory_that_cannot_be_read_is_no_empty_one(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "seen.json"
    file.write_bytes(content)
    with pytest.raises(TrustError):
        ConsumerMemory.load(file)
