"""A door controller opens for one whole set of evidence, and stays shut with any one piece missing."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.domain.errors import StoreError
from edge.domain.event import EventKind, Ticket
from edge.domain.reasons import Decision, Reason
from edge.messaging.consumer.door import DoorAnswer, DoorListener
from edge.messaging.consumer.memory import ConsumerMemory
from edge.messaging.consumer.reader import EventReader
from edge.messaging.envelope import decision_message, lifecycle_message
from edge.messaging.payloads import LifecyclePhase
from edge.messaging.wire import Incoming
from edge.trust.signing import Signer, verify
from tests.support.hand_clock import HandClock
from tests.support.messages import IDENTITY, KEYS, NOON, SIGNER, a_decision, a_verdict

TOPIC = IDENTITY.topics.event(EventKind.DECISION).topic
STRANGER = Signer(b"a key that nobody lists, of 32 b")
SECOND = dt.timedelta(seconds=1)


class Controller:
    def __init__(self, memory: ConsumerMemory | None = None, remember: Callable[[], None] = lambda: None) -> None:
        self.clock = HandClock(NOON + SECOND)
        self.opened = 0
        self.memory = memory or ConsumerMemory()
        self.listener = DoorListener(
            EventReader(KEYS, verify, self.memory),
            self.clock,
            access_point=IDENTITY.access_point,
            remember=remember,
            release=self.release,
        )

    def release(self) -> None:
        self.opened += 1

    def take(self, payload: bytes, *, is_retained: bool = False, topic: str = TOPIC) -> DoorAnswer:
        return self.listener.take(Incoming(topic, payload, is_retained))


def grant(seq: int = 7, signer: Signer = SIGNER, *, opens: bool = True, chain: str = "chain1") -> bytes:
    return decision_message(a_verdict(), IDENTITY, Ticket(chain, seq), signer, NOON, opens=opens).payload


def test_a_fresh_grant_opens_once() -> None:
    controller = Controller()
    assert controller.take(grant()) is DoorAnswer.OPENED
    assert controller.take(grant()) is DoorAnswer.NOT_BELIEVED
    assert controller.take(grant(6)) is DoorAnswer.DOES_NOT_OPEN
    assert controller.take(grant(8)) is DoorAnswer.OPENED
    assert controller.opened == 2


def test_with_one_piece_of_evidence_missing_the_door_stays_shut() -> None:
    controller = Controller()
    denial = decision_message(
        a_verdict(Decision.DENIED, Reason.UNKNOWN_PERSON), IDENTITY, Ticket("chain1", 7), SIGNER, NOON, opens=True
    ).payload
    lifecycle = lifecycle_message(LifecyclePhase.STARTING, "1", IDENTITY, Ticket("chain1", 7), SIGNER, NOON).payload
    refused = [
        controller.take(grant(), is_retained=True),
        controller.take(grant(signer=STRANGER)),
        controller.take(grant(), topic=TOPIC.replace("gate1", "gate2")),
        controller.take(grant().replace(b"front-door", b"vault-door")),
        controller.take(lifecycle),
        controller.take(lifecycle, topic=TOPIC.replace("decision", "lifecycle")),
        controller.take(grant(8, opens=False)),
        controller.take(denial.replace(b"denied", b"granted")),
        controller.take(denial),
    ]
    assert controller.opened == 0
    assert DoorAnswer.OPENED not in refused


@pytest.mark.parametrize("later", [10 * SECOND, dt.timedelta(days=400), -4 * SECOND])
def test_a_grant_that_is_over_or_of_the_future_opens_nothing(later: dt.timedelta) -> None:
    controller = Controller()
    controller.clock.now_utc = NOON + later
    assert controller.take(grant()) is DoorAnswer.DOES_NOT_OPEN
    assert controller.opened == 0


def test_another_door_does_not_open() -> None:
    controller = Controller()
    controller.listener = DoorListener(
        EventReader(KEYS, verify, ConsumerMemory()),
        controller.clock,
        access_point="vault",
        remember=lambda: None,
        release=controller.release,
    )
    assert controller.take(grant()) is DoorAnswer.DOES_NOT_OPEN
    assert controller.opened == 0


def test_a_gate_whose_state_was_replaced_opens_nothing() -> None:
    controller = Controller()
    controller.take(grant())
    assert controller.take(grant(8, chain="chain2")) is DoorAnswer.OTHER_CHAIN
    assert controller.take(grant(9)) is DoorAnswer.OPENED
    assert controller.opened == 2


def test_what_cannot_be_remembered_opens_nothing() -> None:
    def fail() -> None:
        raise StoreError("the disk is full", hint="free space")

    controller = Controller(remember=fail)
    with pytest.raises(StoreError):
        controller.take(grant())
    assert controller.opened == 0


def test_a_restart_opens_nothing_twice(tmp_path: Path) -> None:
    file = tmp_path / "door.json"
    memory = ConsumerMemory()
    first = Controller(memory, remember=lambda: memory.save(file))
    assert first.take(a_decision(7).payload) is DoorAnswer.OPENED
    second = Controller(ConsumerMemory.load(file))
    assert second.take(a_decision(7).payload) is DoorAnswer.NOT_BELIEVED
    assert second.opened == 0
