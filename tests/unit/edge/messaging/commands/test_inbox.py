"""The way of a command from the network thread to the gate's, with real threads."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.clock import SystemClock
from edge.messaging.commands.examination import AcceptedCommand, Arrival, Examiner, RefusedCommand
from edge.messaging.commands.inbox import MOST_ACCEPTED, MOST_WAITING, CommandInbox
from edge.messaging.commands.parsing import MOST_BYTES
from edge.messaging.commands.problems import CommandProblem
from edge.messaging.commands.time_of_day import TimeOfDay
from tests.support.commands import KEYS, Commands, incoming
from tests.support.messages import IDENTITY, NOON
from tests.support.waiting import wait_for

CLOCK = SystemClock()


class Room:
    """An inbox, and what it told."""

    def __init__(self, examiner: Examiner | None = None) -> None:
        self.told: list[AnomalyReport] = []
        self.replies: list[RefusedCommand] = []
        self.commands = Commands()
        self.inbox = CommandInbox(
            examiner or Examiner(IDENTITY, KEYS),
            TimeOfDay(CLOCK, NOON.replace(year=2020)),
            CLOCK,
            tell=self.told.append,
            reply=self.replies.append,
        )

    def command(self) -> bytes:
        return self.commands.make(CLOCK.utc())


@contextmanager
def started(room: Room) -> Iterator[Room]:
    room.inbox.start()
    try:
        yield room
    finally:
        room.inbox.stop()


def test_a_command_that_holds_reaches_the_gate_once() -> None:
    with started(Room()) as room:
        room.inbox.hand_over(incoming(room.command()))
        taken: list[AcceptedCommand] = []

        def is_there() -> bool:
            taken.extend(room.inbox.take())
            return bool(taken)

        wait_for(is_there, "it is there")
        assert room.inbox.take() == []
    assert len(taken) == 1
    assert room.told == []


def test_what_does_not_fit_is_dropped_counted_and_told_of() -> None:
    room = Room()
    for _ in range(10_000):
        room.inbox.hand_over(incoming(b"x"))
    assert room.inbox._arrived.qsize() == MOST_WAITING
    with started(room):
        wait_for(lambda: len(room.told) == 2, "both are told")
    by_kind = {report.anomaly: report.detail for report in room.told}
    assert f"{10_000 - MOST_WAITING} since" in by_kind[Anomaly.COMMAND_FLOOD]
    assert Anomaly.MALFORMED_COMMAND in by_kind


def test_a_payload_that_is_too_large_is_not_kept() -> None:
    room = Room()
    room.inbox.hand_over(incoming(b"{" * (MOST_BYTES + 1)))
    assert room.inbox._arrived.queue[0].message.payload == b""
    with started(room):
        wait_for(lambda: room.told, "it is told")
    assert CommandProblem.TOO_LARGE.value in room.told[0].detail


def test_a_gate_that_takes_nothing_is_owed_no_more_than_fits() -> None:
    with started(Room()) as room:
        for _ in range(MOST_ACCEPTED + 2):
            room.inbox.hand_over(incoming(room.command()))
        wait_for(lambda: room.told, "the rest is refused")
        wait_for(room.inbox._arrived.empty, "all are examined")
        assert len(room.inbox.take()) == MOST_ACCEPTED
    assert room.told[0].anomaly is Anomaly.COMMAND_FLOOD


def test_refusals_are_answered_now_and_then() -> None:
    with started(Room()) as room:
        for _ in range(20):
            room.inbox.hand_over(incoming(room.commands.make(NOON)))
        wait_for(room.inbox._arrived.empty, "all are examined")
    (reply,) = room.replies
    assert (reply.problem, reply.sender) == (CommandProblem.STALE, "console")


def test_a_defect_costs_one_command_and_not_the_thread() -> None:
    class Broken(Examiner):
        def examine(self, arrival: Arrival) -> AcceptedCommand | RefusedCommand:
            if arrival.message.payload == b"x":
                raise ZeroDivisionError
            return super().examine(arrival)

    with started(Room(Broken(IDENTITY, KEYS))) as room:
        room.inbox.hand_over(incoming(b"x"))
        room.inbox.hand_over(incoming(room.command()))
        wait_for(room.inbox.take, "the next one is taken")


def test_it_starts_once_and_stops_for_good() -> None:
    room = Room()
    room.inbox.stop()
    room.inbox.start()
    with pytest.raises(RuntimeError):
        room.inbox.start()
    room.inbox.stop()
    thread = room.inbox._thread
    assert thread is not None
    wait_for(lambda: not thread.is_alive(), "the thread ends")
