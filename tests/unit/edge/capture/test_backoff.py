import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.capture.backoff import Backoff


@given(st.integers(0, 2**32), st.integers(0, 80))
def test_delays_stay_within_their_bounds(seed: int, failures: int) -> None:
    backoff = Backoff(rng=random.Random(seed))
    delays = [backoff.next_ms() for _ in range(failures)]
    assert all(375 <= delay <= 30_000 for delay in delays)
    assert all(delay >= 22_500 for delay in delays[7:])


def test_delays_double_and_begin_anew() -> None:
    backoff = Backoff(rng=random.Random(1))
    first = [backoff.next_ms() for _ in range(5)]
    assert all(500 * 2**i * 0.75 <= delay <= 500 * 2**i * 1.25 for i, delay in enumerate(first))
    backoff.reset()
    assert backoff.next_ms() <= 625


def test_delays_must_be_ordered() -> None:
    with pytest.raises(ValueError, match="ordered"):
        Backoff(first_ms=500, most_ms=100)
