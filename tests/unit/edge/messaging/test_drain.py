"""The drain against a publisher that the test plays."""

import threading
from collections.abc import Iterator

import pytest

from edge.domain.clock import SystemClock
from edge.domain.errors import BrokerError
from edge.domain.event import EventKind, OutboxMessage
from edge.messaging.drain import OutboxDrain
from edge.messaging.link import Link, LinkState
from edge.messaging.wire import Ack, Delivery
from tests.support.memory_outbox import MemoryOutbox
from tests.support.messages import a_plain_message
from tests.support.waiting import wait_for

OK, UNHEARD, DENIED = 0x00, 0x10, 0x87


class PlayedPublisher:
    """Remembers what it was given; acks are the test's business, or go out at once with ``ack_with``."""

    def __init__(self, drain: OutboxDrain) -> None:
        self.is_connected = True
        self.connections = 1
        self.most_in_flight = 20
        self.ack_with: int | None = OK
        self.refused_texts: frozenset[str] = frozenset()
        self.unpublishable: frozenset[str] = frozenset()
        self.sent: list[tuple[str, Delivery]] = []
        self._drain = drain
        self._lock = threading.Lock()

    def publish_event(self, message: OutboxMessage) -> Delivery | None:
        text = message.payload.decode()
        if not self.is_connected:
            return None
        if text in self.unpublishable:
            raise BrokerError("it cannot be published", hint="none")
        with self._lock:
            delivery = Delivery(self.connections, len(self.sent) + 1)
            self.sent.append((text, delivery))
        code = DENIED if text in self.refused_texts else self.ack_with
        if code is not None:
            self._drain.on_ack(Ack(delivery, code, "played"))
        return delivery

    @property
    def texts(self) -> list[str]:
        with self._lock:
            return [text for text, _ in self.sent]


class Room:
    """An outbox, a drain and a played publisher."""

    def __init__(self) -> None:
        self.outbox = MemoryOutbox()
        self.drain = OutboxDrain(self.outbox, SystemClock())
        self.publisher = PlayedPublisher(self.drain)

    def add(self, *texts: str, kind: EventKind = EventKind.DECISION) -> None:
        for text in texts:
            self.outbox.add(a_plain_message(text, kind))

    def start(self) -> None:
        self.drain.start(self.publisher)
        self.drain.wake()

    def ack(self, position: int, code: int = OK) -> None:
        self.drain.on_ack(Ack(self.publisher.sent[position][1], code, "played"))


@pytest.fixture
def room() -> Iterator[Room]:
    room = Room()
    yield room
    room.drain.stop()
    assert not room.drain.is_alive


def test_rows_go_by_priority_and_then_by_seq(room: Room) -> None:
    room.add("starting", kind=EventKind.LIFECYCLE)
    room.add("d1", "d2")
    room.add("a1", kind=EventKind.ANOMALY)
    room.start()
    wait_for(lambda: not room.outbox.rows(), "the outbox is empty")
    assert room.publisher.texts == ["d1", "d2", "a1", "starting"]


def test_at_most_twenty_are_in_flight(room: Room) -> None:
    room.publisher.ack_with = None
    room.add(*map(str, range(50)))
    room.start()
    wait_for(lambda: len(room.publisher.texts) == 20, "twenty are sent")
    room.ack(0)
    wait_for(lambda: len(room.publisher.texts) == 21, "one ack frees one place")
    assert room.publisher.texts == [str(number) for number in range(21)]
    assert len(room.outbox.rows()) == 49


def test_a_row_leaves_on_an_ack_alone(room: Room) -> None:
    room.publisher.ack_with = None
    room.add("d1", "d2")
    room.start()
    wait_for(lambda: len(room.publisher.texts) == 2, "both are sent")
    room.drain.wake()
    room.ack(1, UNHEARD)
    wait_for(lambda: len(room.outbox.rows()) == 1, "the acked row leaves")
    assert room.outbox.rows()[0].message.payload == b"d1"


def test_a_refused_row_stays_is_counted_and_lets_the_others_pass(room: Room) -> None:
    room.publisher.refused_texts = frozenset({"d1"})
    room.add("d1", "d2", "d3")
    room.start()
    wait_for(lambda: len(room.outbox.rows()) == 1, "the others leave")
    wait_for(lambda: room.outbox.rows()[0].attempts >= 1, "the refusal is counted")
    assert room.publisher.texts[:3] == ["d1", "d2", "d3"]


def test_a_refused_row_is_not_tried_again_at_once(room: Room) -> None:
    room.publisher.refused_texts = frozenset({"d1"})
    room.add("d1")
    room.start()
    wait_for(lambda: room.outbox.rows()[0].attempts == 1, "the refusal is counted")
    for number in range(10):
        room.add(f"more {number}")
        room.drain.wake()
    wait_for(lambda: len(room.outbox.rows()) == 1, "the others leave")
    assert room.publisher.texts.count("d1") == 1


def test_a_message_that_can_never_go_does_not_stop_the_drain(room: Room) -> None:
    room.publisher.unpublishable = frozenset({"d1"})
    room.add("d1", "d2")
    room.start()
    wait_for(lambda: room.publisher.texts == ["d2"], "the other one goes")
    wait_for(lambda: room.outbox.rows()[0].attempts == 1, "the failure is counted")


def test_nothing_is_sent_while_the_broker_is_away(room: Room) -> None:
    room.publisher.is_connected = False
    room.add("d1")
    room.start()
    for _ in range(5):
        room.drain.wake()
    assert room.publisher.texts == []
    room.publisher.is_connected = True
    room.drain.on_link(Link(LinkState.CONNECTED))
    wait_for(lambda: not room.outbox.rows(), "it goes when the broker is back")


def test_what_had_no_ack_goes_again_on_the_next_connection_first(room: Room) -> None:
    room.publisher.ack_with = None
    room.add("d1", "d2", "d3")
    room.start()
    wait_for(lambda: len(room.publisher.texts) == 3, "all are sent")
    room.ack(0)
    wait_for(lambda: len(room.outbox.rows()) == 2, "one left")
    room.add("d4")
    room.publisher.connections = 2
    room.publisher.ack_with = OK
    room.drain.on_link(Link(LinkState.CONNECTED))
    wait_for(lambda: not room.outbox.rows(), "the outbox is empty")
    assert room.publisher.texts[3:] == ["d2", "d3", "d4"]


def test_a_late_ack_of_an_old_connection_does_no_harm(room: Room) -> None:
    room.publisher.ack_with = None
    room.add("d1")
    room.start()
    wait_for(lambda: len(room.publisher.texts) == 1, "it is sent")
    room.publisher.connections = 2
    room.drain.on_link(Link(LinkState.CONNECTED))
    wait_for(lambda: len(room.publisher.texts) == 2, "it is sent again")
    room.drain.on_ack(Ack(Delivery(1, 999), OK, "late"))
    room.ack(1)
    wait_for(lambda: not room.outbox.rows(), "it leaves")


def test_a_store_that_fails_is_tried_again_and_nothing_is_sent_twice(room: Room) -> None:
    room.publisher.ack_with = None
    room.add("d1", "d2")
    room.start()
    wait_for(lambda: len(room.publisher.texts) == 2, "both are sent")
    room.outbox.failures = 1
    room.ack(0)
    room.ack(1)
    wait_for(lambda: not room.outbox.rows(), "both leave after all")
    assert room.publisher.texts == ["d1", "d2"]


def test_stopping_flushes_what_can_be_sent(room: Room) -> None:
    room.start()
    room.add(*map(str, range(30)))
    room.drain.stop(flush_s=10)
    assert not room.outbox.rows()


def test_stopping_does_not_wait_for_a_broker_that_is_away(room: Room) -> None:
    room.publisher.is_connected = False
    room.add("d1")
    room.start()
    room.drain.stop(flush_s=60)
    assert not room.drain.is_alive
    assert len(room.outbox.rows()) == 1


def test_it_starts_once_and_stops_as_often_as_you_like(room: Room) -> None:
    room.drain.stop()
    room.start()
    with pytest.raises(RuntimeError):
        room.start()
    room.drain.stop()
    room.drain.stop()


def test_a_kind_that_the_broker_does_not_take_stands_still_and_in_order(room: Room) -> None:
    texts = [f"d{number}" for number in range(40)]
    room.publisher.refused_texts = frozenset(texts)
    room.add(*texts)
    room.start()
    wait_for(lambda: room.outbox.rows()[0].attempts == 1, "the first refusals are counted")
    room.add("a1", "a2", kind=EventKind.ANOMALY)
    room.drain.wake()
    wait_for(lambda: {"a1", "a2"} <= set(room.publisher.texts), "another kind goes past")
    wait_for(lambda: room.outbox.rows()[0].attempts == 2, "the first one is tried again")
    assert room.outbox.rows()[1].attempts == 1
    sent = len(room.publisher.texts)
    room.publisher.refused_texts = frozenset()
    wait_for(lambda: not room.outbox.rows(), "all leave")
    assert room.publisher.texts[sent:] == texts


def test_a_new_row_goes_before_the_disk_is_waited_for(room: Room) -> None:
    room.publisher.ack_with = None
    room.add("d1")
    room.start()
    wait_for(lambda: room.publisher.texts == ["d1"], "it is sent")
    seen_at_delete: list[str] = []
    delete = room.outbox.delete

    def watched(ids: tuple[int, ...], /) -> None:
        seen_at_delete.extend(room.publisher.texts)
        delete(ids)

    room.outbox.delete = watched  # type: ignore[method-assign] # watched once
    room.add("d2")
    room.ack(0)
    wait_for(lambda: len(room.outbox.rows()) == 1, "the first one leaves")
    assert seen_at_delete == ["d1", "d2"]


def test_the_outbox_is_kept_while_the_broker_is_away(room: Room) -> None:
    kept = threading.Event()
    room.outbox.keep = kept.set  # type: ignore[method-assign] # watched once
    room.publisher.is_connected = False
    room.start()
    wait_for(kept.is_set, "it is kept")


def test_a_kind_that_finds_out_for_long_holds_no_other_kind_up(room: Room) -> None:
    room.publisher.refused_texts = frozenset(f"d{number}" for number in range(60))
    room.add(*(f"d{number}" for number in range(60)))
    room.start()
    wait_for(lambda: room.outbox.rows()[0].attempts == 1, "the first refusals are counted")
    room.publisher.refused_texts = frozenset()
    room.publisher.ack_with = None  # the next of them is never answered
    wait_for(lambda: room.publisher.texts.count("d0") == 2, "one finds out")
    room.add("a1", kind=EventKind.ANOMALY)
    room.drain.wake()
    wait_for(lambda: "a1" in room.publisher.texts, "another kind goes past")
    assert room.publisher.texts.count("d1") == 1
