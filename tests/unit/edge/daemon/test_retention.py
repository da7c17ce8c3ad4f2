import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.daemon.retention import Retention, purge_expired
from edge.domain.consent import RetentionTerms
from edge.domain.embedding import Binding, Embedding
from edge.domain.errors import TrustError
from edge.domain.match import SubjectRef
from edge.store.state import State, open_state
from edge.trust.keys import KeyRing
from edge.trust.signing import Signer
from tests.support.hand_clock import HandClock

_NOW = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
_HOUR_NS = 3_600 * 10**9


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "s", KeyRing(signer=Signer(bytes(32)), gallery_key=bytes(32))) as state:
        yield state


@pytest.fixture
def enroll(state: State) -> Callable[[str, int | None], SubjectRef]:
    def add(label: str, hours: int | None) -> SubjectRef:
        vector = np.eye(4, dtype=np.float32)[0]
        until = None if hours is None else _NOW + dt.timedelta(hours=hours)
        return state.gallery.enroll(
            label=label,
            consent_note="form",
            created=_NOW,
            templates=[Embedding(Binding("m", "d", "r", "reference"), vector)],
            terms=RetentionTerms(retain_until=until),
        )

    return add


Enroll = Callable[[str, int | None], SubjectRef]


def test_each_is_erased_when_their_time_is_over_and_not_before(state: State, enroll: Enroll) -> None:
    ada, _, cem = enroll("Ada", 2), enroll("Bob", None), enroll("Cem", 5)
    assert purge_expired(state, _NOW + dt.timedelta(hours=1, minutes=59)).people == ()
    assert purge_expired(state, _NOW + dt.timedelta(hours=2)).people == (ada,)
    assert purge_expired(state, _NOW + dt.timedelta(days=400)).people == (cem,)
    assert [person.label for person in state.gallery.people()] == ["Bob"]


def test_a_running_gate_purges_once_an_hour(state: State, enroll: Enroll) -> None:
    enroll("Ada", 2)
    clock = HandClock(_NOW)
    retention = Retention(state, clock)
    retention.turn()
    clock.now_utc += dt.timedelta(hours=3)
    clock.now_ns += _HOUR_NS - 1
    retention.turn()
    assert state.gallery.count() == 1
    clock.now_ns += 1
    retention.turn()
    assert state.gallery.count() == 0


def test_a_purge_makes_a_running_gate_look_again(state: State, enroll: Enroll) -> None:
    enroll("Ada", 2)
    before = state.gallery.register.revision
    purge_expired(state, _NOW + dt.timedelta(hours=3))
    assert state.gallery.register.revision > before


def test_an_altered_gallery_is_not_purged_so_that_it_can_be_looked_at(state: State, enroll: Enroll) -> None:
    enroll("Ada", 2), enroll("Bob", None)
    state.database._connection.execute("UPDATE person SET retain_until = '2020-01-01T00:00:00+00:00'")
    with pytest.raises(TrustError):
        purge_expired(state, _NOW)
    Retention(state, HandClock(_NOW)).turn()
    assert state.gallery.count() == 2
