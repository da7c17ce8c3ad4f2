"""What became of events: counted, and told once while nobody listens to decisions."""

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.event import EventKind
from edge.messaging.traffic import Traffic
from edge.messaging.wire import Ack, Delivery
from tests.support.hand_clock import HandClock
from tests.support.messages import NOON, a_plain_message

OK, UNHEARD, DENIED = (
    Ack(Delivery(1, 1), *answer) for answer in ((0, "Success"), (16, "x"), (135, "Not authorized"))
)
DECISION = a_plain_message("d")


class Room:
    def __init__(self) -> None:
        self.clock = HandClock(NOON)
        self.told: list[AnomalyReport] = []
        self.traffic = Traffic(self.clock, self.told.append)

    def wait(self, seconds: float) -> None:
        self.clock.now_ns += int(seconds * 1e9)


def test_answers_are_counted_by_kind_and_reason() -> None:
    traffic = Room().traffic
    for ack in (OK, OK, UNHEARD, DENIED):
        traffic.note(DECISION, ack)
    traffic.note(a_plain_message("a", EventKind.ANOMALY), OK)
    assert traffic.counts() == {
        (EventKind.DECISION, "delivered"): 2,
        (EventKind.DECISION, "unheard"): 1,
        (EventKind.DECISION, "Not authorized"): 1,
        (EventKind.ANOMALY, "delivered"): 1,
    }


def test_nobody_listening_is_told_once_when_it_lasts() -> None:
    room = Room()
    room.traffic.note(DECISION, UNHEARD)
    room.wait(59)
    room.traffic.note(DECISION, UNHEARD)
    assert room.told == []
    room.wait(1)
    room.traffic.note(DECISION, UNHEARD)
    room.wait(100)
    room.traffic.note(DECISION, UNHEARD)
    assert [report.anomaly for report in room.told] == [Anomaly.UNHEARD_DECISIONS]


def test_a_consumer_that_restarts_is_no_anomaly() -> None:
    room = Room()
    for _ in range(10):
        room.traffic.note(DECISION, UNHEARD)
        room.wait(40)
        room.traffic.note(DECISION, OK)
        room.wait(40)
    assert room.told == []


def test_other_events_and_refusals_neither_begin_nor_end_it() -> None:
    room = Room()
    room.traffic.note(DECISION, UNHEARD)
    room.wait(61)
    room.traffic.note(a_plain_message("a", EventKind.ANOMALY), UNHEARD)
    room.traffic.note(DECISION, DENIED)
    assert room.told == []
    room.traffic.note(a_plain_message("a", EventKind.ANOMALY), OK)
    room.traffic.note(DECISION, UNHEARD)
    assert len(room.told) == 1


def test_it_is_told_again_after_somebody_listened() -> None:
    room = Room()
    for _ in range(2):
        room.traffic.note(DECISION, UNHEARD)
        room.wait(61)
        room.traffic.note(DECISION, UNHEARD)
        room.traffic.note(DECISION, OK)
    assert len(room.told) == 2
