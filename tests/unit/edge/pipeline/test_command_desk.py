"""Commands on the gate's thread: recorded, then done, then answered; never done unrecorded, never done late."""

import json
from typing import Any

import pytest

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.claim import Claim, Factor
from edge.domain.command import CommandName, CommandOutcome, CommandRecord, CommandResult, ReplayOrder
from edge.domain.errors import ConfigError, StoreError
from edge.domain.event import Ticket
from edge.domain.limit_scope import LimitScope
from edge.domain.posture import Posture
from edge.messaging.commands.examination import AcceptedCommand, RefusedCommand
from edge.messaging.commands.payloads import AnyCommand, PostureCommandV1, UnlockCommandV1
from edge.messaging.commands.problems import CommandProblem
from edge.messaging.commands.signing import response_to
from edge.messaging.wire import Outgoing
from edge.pipeline.command_desk import Answers, CommandDesk
from tests.support.commands import CLAIM, KEYS, SENDER
from tests.support.hand_clock import HandClock
from tests.support.messages import IDENTITY, NOON, SIGNER

SECOND = 1_000_000_000
COMMAND_ID = "0" * 31 + "1"


class Room:
    """A desk over records, a sink and a bus that note the order of things."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.records: list[CommandRecord] = []
        self.done: list[Any] = []
        self.sent: list[Outgoing] = []
        self.told: list[AnomalyReport] = []
        self.waiting: list[AcceptedCommand] = []
        self.result = CommandResult()
        self.sink_fault: Exception | None = None
        self.store_fault: StoreError | None = None
        self.clock = HandClock(NOON)
        self.gate_clock = HandClock(NOON)
        self.gate_clock.now_ns = 500 * SECOND
        answers = Answers(identity=IDENTITY, signer=SIGNER, clock=self.clock, publish=self.publish)
        self.answers = answers
        self.desk = CommandDesk(
            self.take, self, self, answers, gate_clock=self.gate_clock, claim_valid_ms=8_000, tell=self.told.append
        )

    def take(self) -> list[AcceptedCommand]:
        waiting, self.waiting = self.waiting, []
        return waiting

    def record_command(self, record: CommandRecord) -> Ticket:
        if self.store_fault is not None:
            raise self.store_fault
        self.order.append(f"recorded {record.outcome}")
        self.records.append(record)
        return Ticket("chain", len(self.records))

    def on_claim(self, claim: Claim) -> CommandResult:
        return self.act(claim)

    def on_unlock(self, scope: LimitScope, target: str | None) -> CommandResult:
        return self.act((scope, target))

    def on_posture(self, posture: Posture) -> CommandResult:
        return self.act(posture)

    def on_replay(self, order: ReplayOrder) -> CommandResult:
        return self.act(order)

    def act(self, what: object) -> CommandResult:
        self.order.append("done")
        if self.sink_fault is not None:
            raise self.sink_fault
        self.done.append(what)
        return self.result

    def publish(self, message: Outgoing) -> None:
        self.order.append("answered")
        self.sent.append(message)

    def gets(self, data: AnyCommand = CLAIM, *, wants_reply: bool = True) -> None:
        self.waiting.append(
            AcceptedCommand(
                command_id=COMMAND_ID,
                name=data.name,
                data=data,
                key=KEYS[SENDER.key_id],
                issued_utc=NOON,
                expires_ns=10 * SECOND,
                wants_reply=wants_reply,
            )
        )
        self.desk.work()

    def answer(self) -> tuple[CommandOutcome, str]:
        (message,) = self.sent
        response = response_to(COMMAND_ID, message.payload, gate_key=SIGNER.public_key)
        assert response is not None
        return response.outcome, response.detail


@pytest.fixture
def room() -> Room:
    return Room()


def test_a_claim_becomes_the_gates_own(room: Room) -> None:
    room.gets()
    (claim,) = room.done
    assert claim == Claim(
        claim_id=COMMAND_ID,
        subject=claim.subject,
        factor=Factor.BADGE,
        received_ns=500 * SECOND,
        expires_ns=508 * SECOND,
    )
    assert claim.subject == "p-0123"


@pytest.mark.parametrize(
    ("data", "done"),
    [
        (PostureCommandV1(posture=Posture.OUT_OF_SERVICE), Posture.OUT_OF_SERVICE),
        (UnlockCommandV1(scope=LimitScope.GATE), (LimitScope.GATE, None)),
        (UnlockCommandV1(scope=LimitScope.IDENTITY, target="p-7"), (LimitScope.IDENTITY, "p-7")),
    ],
)
def test_each_command_reaches_its_own_method(room: Room, data: AnyCommand, done: object) -> None:
    room.gets(data)
    assert room.done == [done]
    assert room.records[0].what == data.what


def test_it_is_recorded_before_it_is_done_before_it_is_answered(room: Room) -> None:
    room.gets()
    assert room.order == ["recorded accepted", "done", "answered"]
    assert room.answer() == (CommandOutcome.DONE, "")
    (record,) = room.records
    assert (record.key_id, record.sender, record.command_id) == (SENDER.key_id, "console", COMMAND_ID)
    assert record.terms == {"subject": "p-0123", "factor": "badge", "access_point": "front-door"}
    assert "p-0123" not in record.what


def test_what_cannot_be_recorded_is_not_done(room: Room) -> None:
    room.store_fault = StoreError("the disk is full", hint="make room")
    with pytest.raises(StoreError):
        room.gets()
    assert room.done == []
    assert room.sent == []


def test_what_was_declined_is_recorded_again_with_why(room: Room) -> None:
    room.result = CommandResult(CommandOutcome.DECLINED, "there is no such hold")
    room.gets(UnlockCommandV1(scope=LimitScope.GATE))
    assert room.order == ["recorded accepted", "done", "recorded declined", "answered"]
    assert room.answer() == (CommandOutcome.DECLINED, "there is no such hold")


def test_a_fault_of_the_sink_is_recorded_and_answered(room: Room) -> None:
    room.sink_fault = ConfigError("no limits", hint="set some")
    room.gets(UnlockCommandV1(scope=LimitScope.GATE))
    assert [record.outcome for record in room.records] == [CommandOutcome.ACCEPTED, CommandOutcome.FAILED]
    assert room.answer() == (CommandOutcome.FAILED, "no limits (set some)")


def test_a_command_whose_time_is_over_when_the_gate_comes_to_it_is_refused(room: Room) -> None:
    room.clock.now_ns = 10 * SECOND
    room.gets()
    assert room.done == []
    assert room.records == []
    (report,) = room.told
    assert report.anomaly is Anomaly.STALE_COMMAND
    assert room.answer() == (CommandOutcome.REFUSED, CommandProblem.LATE.value)


def test_nobody_is_answered_who_did_not_ask(room: Room) -> None:
    room.gets(wants_reply=False)
    assert len(room.done) == 1
    assert room.sent == []


def test_an_answer_goes_to_the_gates_own_topic_and_is_never_kept(room: Room) -> None:
    room.gets()
    (message,) = room.sent
    assert message.topic == "egate/v1/site1/gate1/rsp/claim"
    assert (message.is_retained, message.qos, message.expiry_s) == (False, 1, 10)
    assert message.correlation == COMMAND_ID.encode()
    assert json.loads(message.payload)["correlationid"] == COMMAND_ID
    assert b"p-0123" not in message.payload


def test_a_refusal_is_answered_only_to_a_command_that_was_signed(room: Room) -> None:
    room.answers.refuse(RefusedCommand(problem=CommandProblem.NOT_JSON))
    assert room.sent == []
    room.answers.refuse(
        RefusedCommand(problem=CommandProblem.STALE, command_id=COMMAND_ID, name=CommandName.CLAIM, wants_reply=True)
    )
    assert room.answer() == (CommandOutcome.REFUSED, CommandProblem.STALE.value)
