"""Days are added up, kept in bounds, told of once, and survive a restart."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.domain.errors import TrustError
from edge.store.daily_sketches import FIRST_DAYS_KEPT, MOST_DAYS, MOST_STATISTICS
from edge.store.state import State, open_state
from edge.trust.keys import KeyRing

DAY = dt.date(2026, 11, 25)


def test_attempts_of_a_day_add_up_over_a_restart(folder: Path, keys: KeyRing) -> None:
    with open_state(folder, keys) as state:
        state.sketches.add(DAY, {"fused": 0.5, "sharpness": 1.0})
    with open_state(folder, keys) as state:
        found = state.sketches.add(DAY, {"fused": 0.7})
    assert found["fused"].count == 2
    assert found["fused"].mean == pytest.approx(0.6)
    assert found["sharpness"].count == 1


def test_what_is_no_number_is_not_kept(state: State) -> None:
    assert state.sketches.add(DAY, {"fused": float("nan")}) == {}


def test_the_first_days_are_those_before_the_day_asked_of(state: State) -> None:
    for back in (3, 2, 1, 0):
        state.sketches.add(DAY - dt.timedelta(days=back), {"fused": float(back)})
    assert [day["fused"].mean for day in state.sketches.first_days(DAY)] == [3.0, 2.0, 1.0]
    assert state.sketches.first_days(DAY - dt.timedelta(days=3)) == []


def test_a_day_is_told_of_once_even_when_the_clock_runs_back(state: State) -> None:
    later = DAY + dt.timedelta(days=1)
    assert [state.sketches.tell_once(day) for day in (DAY, DAY, later, DAY)] == [True, False, True, False]


def test_the_first_and_the_latest_days_are_kept(state: State) -> None:
    with state.database.transaction() as connection:
        connection.executemany(
            "INSERT INTO daily_sketch VALUES (?, 'fused', 1, 0.0, 0.0)",
            [((DAY + dt.timedelta(days=i)).isoformat(),) for i in range(MOST_DAYS + 50)],
        )
    state.sketches.add(DAY + dt.timedelta(days=MOST_DAYS + 50), {"fused": 1.0})
    (days,) = state.database.read("SELECT count(DISTINCT day), min(day) FROM daily_sketch")
    assert days == (MOST_DAYS, DAY.isoformat())
    assert len(state.sketches.first_days(dt.date(2100, 1, 1))) == FIRST_DAYS_KEPT


def test_a_row_that_the_gate_never_writes_is_found(state: State) -> None:
    with state.database.transaction() as connection:
        connection.execute("INSERT INTO daily_sketch VALUES (?, 'fused', 1, 9e999, 0.0)", (DAY.isoformat(),))
    with pytest.raises(TrustError, match="altered"):
        state.sketches.add(DAY, {"fused": 1.0})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=8), st.floats(allow_nan=True), max_size=80))
def test_a_day_holds_so_many_statistics_at_most(state: State, measured: dict[str, float]) -> None:
    assert len(state.sketches.add(DAY, measured)) <= MOST_STATISTICS
