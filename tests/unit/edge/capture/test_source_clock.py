import datetime as dt

from edge.capture.source_clock import SourceClock, StillsClock

START = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


class StoppedClock:
    def monotonic_ns(self) -> int:
        return 7_000

    def utc(self) -> dt.datetime:
        return START


def test_it_stands_at_the_last_frame() -> None:
    clock = SourceClock(StoppedClock())
    assert (clock.monotonic_ns(), clock.utc()) == (7_000, START)
    clock.advance_to(2_000_000_000)
    assert clock.monotonic_ns() == 2_000_007_000
    assert clock.utc() == START + dt.timedelta(seconds=2)


def test_it_never_runs_backwards() -> None:
    clock = SourceClock(StoppedClock())
    clock.advance_to(500)
    clock.advance_to(100)
    assert clock.monotonic_ns() == 7_500


def test_a_picture_lasts_as_long_as_it_is_looked_at_and_the_next_comes_a_second_later() -> None:
    clock = StillsClock(StoppedClock())
    assert (clock.monotonic_ns(), clock.utc()) == (7_000, START)
    clock.advance()
    clock.advance()
    assert (clock.monotonic_ns(), clock.utc()) == (2_000_007_000, START)


def test_how_long_a_picture_took_is_told_by_the_machines_clock() -> None:
    base = StoppedClock()
    clock = StillsClock(base)
    clock.advance()
    base.monotonic_ns = lambda: 42_007_000  # type: ignore[method-assign]  # the machine's clock goes on
    assert clock.since_taken_ms == 42.0
    assert clock.monotonic_ns() == 1_000_007_000
