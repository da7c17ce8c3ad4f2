"""Timing in turns."""

import pytest

from engines.catalog import find_spec
from engines.errors import InferenceError
from engines.turns import measure_in_turns
from tests.support.golden_engine import GoldenEngine

SPEC = find_spec("sface-2021dec")


def test_every_engine_has_its_figures_and_the_first_is_the_measure() -> None:
    with GoldenEngine(SPEC) as first, GoldenEngine(SPEC, batch=8) as second:
        turns = measure_in_turns((first, second), rounds=3, warm_up=1)
    assert len(turns) == 2
    assert turns[0].ratio == 1.0
    assert all(0 < turn.p50_ms <= turn.p95_ms <= turn.p99_ms and turn.ratio > 0 for turn in turns)


def test_an_engine_that_is_not_active_is_a_fault() -> None:
    with pytest.raises(InferenceError, match="not active"):
        measure_in_turns((GoldenEngine(SPEC),), rounds=1)
