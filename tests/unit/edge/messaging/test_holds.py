"""What waits after a refusal: a row by itself, or its whole kind."""

from hypothesis import given
from hypothesis import strategies as st

from edge.domain.event import EventKind
from edge.messaging.holds import LEAST_NS, MANY, MOST_NS, Holds
from tests.support.memory_outbox import MemoryRow
from tests.support.messages import a_plain_message

D, A = EventKind.DECISION, EventKind.ANOMALY


def row(id_: int, kind: EventKind = D, attempts: int = 0) -> MemoryRow:
    return MemoryRow(id_, id_, a_plain_message(str(id_), kind), attempts)


def test_one_refused_row_waits_longer_each_time_and_alone() -> None:
    holds = Holds()
    assert holds.refuse(row(1), 0) == LEAST_NS
    assert holds.rows(0) == {1}
    assert holds.kinds(0) == frozenset()
    assert holds.rows(LEAST_NS) == frozenset()
    assert holds.refuse(row(1, attempts=1), LEAST_NS) == 2 * LEAST_NS
    holds.deliver(D)
    assert holds.refuse(row(1, attempts=50), 0) == MOST_NS


def test_several_in_a_row_are_their_kinds_fault_and_no_other_kinds() -> None:
    holds = Holds()
    for number in range(MANY):
        holds.refuse(row(number), 0)
    assert holds.kinds(0) == {D}
    assert holds.rows(0) == frozenset()  # the first of them is the one that finds out
    assert holds.is_doubtful(D)
    assert not holds.is_doubtful(A)
    assert holds.kinds(LEAST_NS) == frozenset()
    assert holds.is_doubtful(D)
    holds.deliver(D)
    assert not holds.is_doubtful(D)


def test_a_kind_waits_longer_after_each_try_and_not_for_every_ack_of_one() -> None:
    holds = Holds()
    for number in range(20):
        holds.refuse(row(number), 0)
    assert holds.kinds(LEAST_NS - 1) == {D}
    assert holds.kinds(LEAST_NS) == frozenset()
    assert holds.refuse(row(0, attempts=1), LEAST_NS) == 2 * LEAST_NS
    waits = [holds.refuse(row(0, attempts=9), n * MOST_NS) for n in range(1, 20)]
    assert waits == sorted(waits)
    assert waits[-1] == MOST_NS


def test_a_delivery_between_refusals_keeps_the_kind_open() -> None:
    holds = Holds()
    for number in range(10):
        holds.refuse(row(number), 0)
        holds.deliver(D)
    assert holds.kinds(0) == frozenset()
    assert len(holds.rows(0)) == 10


def test_a_message_that_cannot_be_published_is_no_kinds_fault() -> None:
    holds = Holds()
    for number in range(10):
        holds.refuse(row(number), 0, is_the_rows_fault=True)
    assert holds.kinds(0) == frozenset()


@given(st.lists(st.tuples(st.sampled_from(list(EventKind)), st.booleans(), st.integers(0, 3 * MOST_NS)), max_size=60))
def test_nothing_waits_for_ever(steps: list[tuple[EventKind, bool, int]]) -> None:
    holds, now_ns = Holds(), 0
    for number, (kind, is_refused, later_ns) in enumerate(steps):
        now_ns += later_ns
        if is_refused:
            assert 0 <= holds.refuse(row(number, kind), now_ns) <= MOST_NS
        else:
            holds.deliver(kind)
    assert holds.kinds(now_ns + MOST_NS) == frozenset()
    assert holds.rows(now_ns + MOST_NS) == frozenset()
