"""From fp32 to int8: where the quantizing pairs stand, what they compute, and that halves keep the integers."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator

from engines.convert.derive import as_int8
from engines.convert.lint import lint
from engines.convert.network import Network, Node, onnx_from_network
from engines.convert.quantized import OPSET, quantized, weight_scales
from engines.errors import EngineError
from engines.ranges import ActivationRanges

RNG = np.random.default_rng(6)
TOY = Network(
    (
        Node("Conv", ("x", "w1"), ("c1",), {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
        Node("Relu", ("c1",), ("r1",)),
        Node("Conv", ("r1", "w2", "b2"), ("c2",), {"kernel_shape": [1, 1]}),
        Node("Conv", ("r1", "w3"), ("c3",), {"kernel_shape": [1, 1]}),
        Node("Add", ("c2", "c3"), ("a",)),
        Node("Flatten", ("a",), ("f",), {"axis": 1}),
        Node("Gemm", ("f", "w4", "b4"), ("y",), {"transB": 1}),
    ),
    {
        "w1": RNG.standard_normal((4, 3, 3, 3)).astype(np.float32),
        "w2": RNG.standard_normal((5, 4, 1, 1)).astype(np.float32),
        "b2": RNG.standard_normal(5).astype(np.float32),
        "w3": RNG.standard_normal((5, 4, 1, 1)).astype(np.float32) * np.float32(1e-3),
        "w4": RNG.standard_normal((6, 80)).astype(np.float32),
        "b4": RNG.standard_normal(6).astype(np.float32),
    },
    {"x": ("batch", 3, 4, 4)},
    {"y": ("batch", 6)},
)
MODEL = onnx_from_network(TOY, name="toy")
RANGES = {"x": 4.0, "r1": 12.0, "f": 40.0}


def table(ranges: dict[str, float]) -> ActivationRanges:
    return ActivationRanges(
        model="toy", onnx_sha256="0" * 64, method="max", pictures=1, data_sha256="0" * 64, ranges=ranges
    )


def run(model: bytes, x: NDArray[np.float32]) -> NDArray[np.float32]:
    loaded = onnx.load_model_from_string(model)
    return np.asarray(ReferenceEvaluator(loaded).run(None, {"x": x})[0])


def test_pairs_stand_on_the_inputs_of_layers_alone() -> None:
    made = quantized(TOY, RANGES)
    kinds = [node.op for node in made.nodes]
    assert kinds.count("QuantizeLinear") == kinds.count("DequantizeLinear") == 3 + 4  # r1 is quantized once
    readers = {node.op for node in made.nodes for name in node.inputs if name.endswith("_dequantized")}
    assert readers == {"Conv", "Gemm"}
    assert made.constants["b2"] is TOY.constants["b2"]


def test_a_layer_without_a_range_stays_as_it_is() -> None:
    made = quantized(TOY, {"r1": 12.0})
    first, last = made.nodes[0], made.nodes[-1]
    assert first == TOY.nodes[0]
    assert last == TOY.nodes[-1]
    assert made.constants["w1"] is TOY.constants["w1"]


def test_the_file_keeps_every_rule_and_computes_nearly_the_same() -> None:
    derived = as_int8(MODEL, table(RANGES), name="toy")
    assert lint(derived.data) == ()
    x = RNG.uniform(-1, 1, (3, 3, 4, 4)).astype(np.float32)
    found, wanted = run(derived.data, x), run(MODEL, x)
    assert found.dtype == np.float32
    assert np.abs(found - wanted).max() < 0.05 * np.abs(wanted).max()
    assert np.abs(found - wanted).max() > 0


def test_the_same_bytes_come_out_each_time() -> None:
    assert as_int8(MODEL, table(RANGES), name="toy") == as_int8(MODEL, table(RANGES), name="toy")


@settings(max_examples=200, deadline=None)
@given(
    arrays.arrays(
        np.float32, (3, 4), elements=st.floats(-1000, 1000, width=32, allow_nan=False, allow_subnormal=False)
    )
)
def test_weights_are_the_same_integers_in_single_and_half_precision(weight: NDArray[np.float32]) -> None:
    """Scales are halves and weights multiples of them, so rounding both to halves changes no integer."""
    network = Network(
        (Node("Gemm", ("x", "w"), ("y",), {"transB": 1}),), {"w": weight}, {"x": ("batch", 4)}, {"y": ("batch", 3)}
    )
    made = quantized(network, {"x": 1.0}).constants
    scale = made["w_scale"][:, None]
    single = np.rint(made["w"] / scale)
    halved = np.rint(made["w"].astype(np.float16).astype(np.float32) / scale.astype(np.float16).astype(np.float32))
    np.testing.assert_array_equal(single, halved)
    assert np.abs(single).max() <= 127
    assert np.abs(made["w"] - weight).max() <= scale.max() / 2 * 1.001


def test_a_channel_of_zeros_has_a_positive_scale() -> None:
    scales = weight_scales(np.array([[0, 0], [1, -127]], np.float32))
    assert (scales > 0).all()
    assert scales[1] == 1.0


@pytest.mark.parametrize("most", [0.0, -1.0, np.nan, np.inf])
def test_a_range_that_is_none_is_refused(most: float) -> None:
    with pytest.raises(EngineError, match="range"):
        quantized(TOY, {"x": most})


def test_a_range_of_no_layer_is_refused() -> None:
    with pytest.raises(EngineError, match="no layer"):
        quantized(TOY, {"c1": 1.0})


@pytest.mark.parametrize(
    "node",
    [
        Node("Gemm", ("f", "w4", "b4"), ("y",), {"transB": 0}),
        Node("Gemm", ("f", "f"), ("y",), {"transB": 1}),
    ],
)
def test_weights_of_another_form_are_refused(node: Node) -> None:
    with pytest.raises(EngineError, match="output channels first"):
        quantized(replace(TOY, nodes=(*TOY.nodes[:-1], node)), RANGES)


def test_the_opset_has_scales_in_half_precision() -> None:
    written = onnx.load_model_from_string(as_int8(MODEL, table(RANGES), name="toy").data)
    assert [(entry.domain, entry.version) for entry in written.opset_import] == [("", OPSET)]
    kinds = {t.name: t.data_type for t in written.graph.initializer}
    assert kinds["x_scale"] == kinds["w1_scale"] == onnx.TensorProto.FLOAT16
