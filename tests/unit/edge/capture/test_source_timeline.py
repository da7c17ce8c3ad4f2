import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.capture.source_timeline import SourceTimeline


def times_ms(fps: float, stamps: list[float | None]) -> list[float]:
    timeline = SourceTimeline(fps)
    return [timeline.next_ns(stamp) / 1e6 for stamp in stamps]


def test_time_counts_from_the_first_frame() -> None:
    assert times_ms(25, [5.0, 5.04, 5.5]) == pytest.approx([0, 40, 500])


def test_missing_stamps_go_on_at_the_nominal_rate() -> None:
    assert times_ms(10, [None, None, None]) == pytest.approx([0, 100, 200])
    assert times_ms(10, [1.0, None, 1.3]) == pytest.approx([0, 100, 300])


def test_joined_recordings_go_on() -> None:
    assert times_ms(10, [1.0, 1.1, 0.0, 0.1, 900.0, 900.1]) == pytest.approx([0, 100, 200, 300, 400, 500])


@given(st.floats(0, 240), st.lists(st.none() | st.floats(-1e6, 1e6), max_size=50))
def test_time_never_runs_backwards(fps: float, stamps: list[float | None]) -> None:
    times = times_ms(fps, stamps)
    assert times == sorted(times)
