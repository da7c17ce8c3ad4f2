"""The metered engine gives what the engine behind it gives, and counts its time."""

import numpy as np
import pytest

from engines.catalog import find_spec
from engines.errors import InferenceError
from engines.runtime.metered import Meter, MeteredEngine
from tests.support.golden_engine import GoldenEngine

SPEC = find_spec("sface-2021dec")


def test_outputs_are_those_of_the_engine_behind() -> None:
    inner = GoldenEngine(SPEC)
    batch = np.zeros(inner.input_shape, np.float32)
    with inner, MeteredEngine(inner, Meter()) as metered:
        np.testing.assert_array_equal(metered.infer(batch)["fc1"], inner.infer(batch)["fc1"])
        assert (metered.model_id, metered.runtime, metered.input_shape) == (SPEC.id, "fake", inner.input_shape)


def test_time_of_several_engines_adds_up_and_starts_over_when_taken() -> None:
    meter = Meter()
    with MeteredEngine(GoldenEngine(SPEC), meter) as first, MeteredEngine(GoldenEngine(SPEC), meter) as second:
        batch = np.zeros(first.input_shape, np.float32)
        assert meter.take_ns() == 0
        first.infer(batch)
        once = meter.take_ns()
        assert once > 0
        second.infer(batch)
        first.infer(batch)
        assert meter.take_ns() > 0
        assert meter.take_ns() == 0


def test_it_is_activated_and_freed_with_the_engine_behind() -> None:
    inner = GoldenEngine(SPEC)
    with MeteredEngine(inner, Meter()):
        assert inner.activations == 1
    assert inner.activations == 0


def test_outputs_that_are_not_finite_are_refused_as_ever() -> None:
    inner = GoldenEngine(SPEC, fault=lambda outputs, _: outputs * np.nan)
    with MeteredEngine(inner, Meter()) as metered, pytest.raises(InferenceError, match="finite"):
        metered.infer(np.zeros(inner.input_shape, np.float32))
