"""The outbox that can be held back, and the health that the gate tells."""

from pathlib import Path

import pytest

from edge.commands.demo.line import GateHealth, HeldOutbox
from edge.domain.clock import SystemClock
from edge.domain.event import EventKind, OutboxMessage, Ticket
from edge.domain.reasons import Reason
from edge.store.state import State, open_state
from edge.trust.keys import KeyRing


@pytest.fixture
def state(tmp_path: Path) -> State:
    folder = tmp_path / "state"
    return open_state(folder, KeyRing.open(folder, is_new=True))


def commit(state: State) -> Ticket:
    message = OutboxMessage(kind=EventKind.DECISION, topic="t", payload=b"{}", priority=1)
    return state.ledger.commit(EventKind.DECISION, {}, lambda _ticket: message)


def test_a_held_outbox_gives_nothing_out_and_loses_nothing(state: State) -> None:
    held = HeldOutbox(state.outbox)
    with state:
        ticket = commit(state)
        held.hold()
        assert held.pending(10) == ()
        held.release()
        (row,) = held.pending(10)
        assert row.seq == ticket.seq
        held.refuse({row.id: "Not authorized"})
        assert held.pending(10)[0].attempts == 1
        held.delete((row.id,))
        assert held.pending(10) == ()


def test_health_counts_what_waits_and_outlives_a_closed_store(state: State) -> None:
    clock = SystemClock()
    told = GateHealth(state.outbox, "boot", clock, clock.monotonic_ns())
    with state:
        commit(state)
        health = told.health()
        assert (health.outbox_rows, health.fault, health.boot_id) == (1, None, "boot")
    assert told.health().fault is Reason.FAULT_STORE
