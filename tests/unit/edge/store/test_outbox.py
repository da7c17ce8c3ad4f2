from edge.domain.event import EventKind, OutboxMessage, Ticket
from edge.store.state import State

_PRIORITY = {EventKind.ANOMALY: 0, EventKind.DECISION: 1, EventKind.LIFECYCLE: 2}


def _commit(state: State, kind: EventKind) -> Ticket:
    def build(ticket: Ticket) -> OutboxMessage:
        return OutboxMessage(kind=kind, topic=f"t/{kind}", payload=b"\xff%d" % ticket.seq, priority=_PRIORITY[kind])

    return state.ledger.commit(kind, {}, build)


def test_messages_wait_by_priority_then_in_order(state: State) -> None:
    kinds = [EventKind.LIFECYCLE, EventKind.DECISION, EventKind.ANOMALY, EventKind.DECISION, EventKind.ANOMALY]
    for kind in kinds:
        _commit(state, kind)
    assert [message.seq for message in state.outbox.pending(10)] == [3, 5, 2, 4, 1]
    assert [message.seq for message in state.outbox.pending(2)] == [3, 5]
    assert state.outbox.pending(0) == ()
    first = state.outbox.pending(1)[0]
    assert first.message == OutboxMessage(kind=EventKind.ANOMALY, topic="t/anomaly", payload=b"\xff3", priority=0)
    assert first.attempts == 0


def test_what_was_acknowledged_is_deleted_and_the_audit_row_stays(state: State) -> None:
    for _ in range(3):
        _commit(state, EventKind.DECISION)
    state.outbox.delete([message.id for message in state.outbox.pending(2)])
    assert [message.seq for message in state.outbox.pending(10)] == [3]
    assert state.outbox.depth() == 1
    state.outbox.delete([1, 99])
    state.outbox.delete([])
    assert state.outbox.depth() == 1
    assert state.ledger.verify_chain().records == 3


def test_an_id_is_never_given_out_again(state: State) -> None:
    _commit(state, EventKind.DECISION)
    (first,) = state.outbox.pending(10)
    state.outbox.delete([first.id])
    _commit(state, EventKind.DECISION)
    (second,) = state.outbox.pending(10)
    assert second.id != first.id


def test_attempts_are_counted(state: State) -> None:
    for _ in range(2):
        _commit(state, EventKind.DECISION)
    state.outbox.refuse({1: "Quota exceeded"})
    state.outbox.refuse({1: "Not authorized", 2: "Not authorized", 99: "Not authorized"})
    assert [(message.attempts, message.refusal) for message in state.outbox.pending(10)] == [
        (2, "Not authorized"),
        (1, "Not authorized"),
    ]
