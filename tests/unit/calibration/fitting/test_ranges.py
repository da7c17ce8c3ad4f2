"""Ranges chosen from histograms of magnitudes: what each way keeps, and what it cuts off."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from calibration.fitting.ranges import (
    METHODS,
    Histogram,
    chosen_ranges,
    layer_inputs,
    observable,
    observe,
    percentile,
)
from engines.runtime.base import FloatArray

RNG = np.random.default_rng(9)


def of(*parts: FloatArray) -> Histogram:
    histogram = Histogram()
    for part in parts:
        histogram.add(part)
    return histogram


def test_counts_are_the_same_in_whatever_order_large_values_come() -> None:
    small, large = RNG.random(5000).astype(np.float32), np.array([0.0, 900.0], np.float32)
    first, second = of(small, large), of(large, small)
    assert first.counts.sum() == second.counts.sum() == 5002
    assert first.most == second.most == 900.0
    assert first.limit >= 900


def test_a_value_that_is_always_zero_has_no_range() -> None:
    silent = of(np.zeros(10, np.float32))
    assert silent.most == 0
    assert chosen_ranges({"a": silent, "b": of(np.ones(4, np.float32))}, "largest", keeps_edges=False, last="b") == {
        "b": 1.0
    }


@pytest.mark.parametrize("method", METHODS)
def test_a_range_is_positive_and_never_above_what_was_seen(method: str) -> None:
    histogram = of(np.abs(RNG.standard_normal(100_000)).astype(np.float32))
    found = METHODS[method](histogram)
    assert 0.5 < found <= histogram.most


@pytest.mark.parametrize("method", [name for name in METHODS if name not in {"largest", "percentile 99.999"}])
def test_one_outlier_is_cut_off(method: str) -> None:
    histogram = of(np.abs(RNG.standard_normal(100_000)).astype(np.float32), np.array([60.0], np.float32))
    assert METHODS[method](histogram) < 45
    assert METHODS["largest"](histogram) == 60


def test_a_percentile_is_where_it_says() -> None:
    histogram = of(np.linspace(0, 1, 100_001, dtype=np.float32))
    assert percentile(histogram, 0.9) == pytest.approx(0.9, abs=2 / 2048)


def test_layers_are_observed_by_name() -> None:
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"]),
            helper.make_node("Relu", ["c"], ["r"]),
            helper.make_node("Conv", ["r", "w"], ["y"]),
        ],
        "toy",
        [value("x", TensorProto.FLOAT, ["batch", 1, 2, 2])],
        [value("y", TensorProto.FLOAT, ["batch", 1, 2, 2])],
        [numpy_helper.from_array(np.full((1, 1, 1, 1), 2, np.float32), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    assert layer_inputs(model) == ("x", "r")
    shown = onnx.load_model_from_string(observable(model, ("x", "r")))
    assert [output.name for output in shown.graph.output] == ["y", "r"]

    def infer(batch: FloatArray) -> dict[str, FloatArray]:
        return {"r": np.maximum(2 * batch, 0), "y": 4 * batch}

    crops = [np.full((1, 1, 2, 2), level, np.float32) for level in (-3, 1)]
    seen = observe(infer, crops, ("x", "r"), "x")
    assert {name: histogram.most for name, histogram in seen.items()} == {"x": 3.0, "r": 2.0}
    assert chosen_ranges(seen, "largest", keeps_edges=True, last="r") == {}
