"""The clock that commands are held against: unset, set back, set forward, and creeping."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from edge.messaging.commands.problems import CommandProblem
from edge.messaging.commands.time_of_day import Moment, TimeOfDay
from tests.support.hand_clock import HandClock
from tests.support.messages import NOON

SECOND = 1_000_000_000
SINCE = NOON - dt.timedelta(days=30)


def moved(clock: HandClock, monotonic_s: float, wall_s: float | None = None) -> None:
    clock.now_ns += round(monotonic_s * SECOND)
    clock.now_utc += dt.timedelta(seconds=monotonic_s if wall_s is None else wall_s)


def test_a_clock_that_runs_is_believed() -> None:
    clock = HandClock(NOON)
    time = TimeOfDay(clock, SINCE)
    moved(clock, 3_600)
    assert time.now() == Moment(clock.now_ns, clock.now_utc)


def test_a_clock_before_the_profile_is_not_set() -> None:
    clock = HandClock(dt.datetime(1970, 1, 1, tzinfo=dt.UTC))
    time = TimeOfDay(clock, SINCE)
    assert time.now().utc is CommandProblem.CLOCK_UNSET
    clock.now_utc = NOON
    assert time.now().utc == NOON


def test_a_clock_that_was_set_back_is_refused_until_it_has_caught_up() -> None:
    clock = HandClock(NOON)
    time = TimeOfDay(clock, SINCE)
    moved(clock, 1, wall_s=-60)
    assert time.now().utc is CommandProblem.CLOCK_WENT_BACK
    moved(clock, 30)
    assert time.now().utc is CommandProblem.CLOCK_WENT_BACK
    moved(clock, 1, wall_s=60)
    assert time.now().utc == clock.now_utc


def test_a_clock_that_was_set_forward_is_believed_and_cannot_come_back() -> None:
    clock = HandClock(NOON)
    time = TimeOfDay(clock, SINCE)
    moved(clock, 1, wall_s=3_600)
    assert time.now().utc == clock.now_utc
    moved(clock, 1, wall_s=-3_598)
    assert time.now().utc is CommandProblem.CLOCK_WENT_BACK


def test_creeping_back_adds_up_and_is_seen() -> None:
    clock = HandClock(NOON)
    time = TimeOfDay(clock, SINCE)
    seen = [time.now().utc]
    for _ in range(10):
        moved(clock, 1, wall_s=0.5)
        seen.append(time.now().utc)
    assert CommandProblem.CLOCK_WENT_BACK not in seen[:5]
    assert seen[-1] is CommandProblem.CLOCK_WENT_BACK


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(-1_000, 1_000)), max_size=30))
def test_believed_times_never_fall_behind_the_monotonic_clock(steps: list[tuple[float, float]]) -> None:
    clock = HandClock(NOON)
    time = TimeOfDay(clock, SINCE)
    latest_utc, latest_ns = NOON, clock.now_ns
    for monotonic_s, wall_s in steps:
        moved(clock, monotonic_s, wall_s)
        moment = time.now()
        if isinstance(moment.utc, CommandProblem):
            continue
        passed = dt.timedelta(microseconds=(clock.now_ns - latest_ns) // 1_000)
        assert moment.utc >= latest_utc + passed - dt.timedelta(seconds=2)
        if moment.utc > latest_utc + passed:
            latest_utc, latest_ns = moment.utc, clock.now_ns
