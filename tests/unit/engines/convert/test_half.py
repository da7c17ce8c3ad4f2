"""From fp32 to fp16: what is rounded, what is not, and that another library's conversion computes the same."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto
from onnx.reference import ReferenceEvaluator

from engines.convert.half import half
from engines.convert.network import Network, Node, onnx_from_network
from engines.errors import EngineError

RNG = np.random.default_rng(5)


def random(*shape: int) -> NDArray[np.float32]:
    return RNG.standard_normal(shape).astype(np.float32)


PLAIN = Network(
    (
        Node("Conv", ("x", "w"), ("c",), {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
        Node("Resize", ("c", "", "times"), ("r",), {"mode": "nearest"}),
        Node("Reshape", ("r", "shape"), ("y",)),
    ),
    {
        "w": random(4, 3, 3, 3),
        "times": np.array([1, 1, 2, 2], np.float32),
        "shape": np.array([0, -1], np.int64),
    },
    {"x": ("batch", 3, 4, 4)},
    {"y": ("batch", 256)},
)
NORMALIZED = Network(
    (
        Node("Flatten", ("x",), ("f",), {"axis": 1}),
        Node("Gemm", ("f", "w", "b"), ("g",), {"transB": 1}),
        Node("Mul", ("g", "g"), ("s",)),
        Node("ReduceSum", ("s", "axes"), ("sum",), {"keepdims": 1}),
        Node("Max", ("sum", "least"), ("m",)),
        Node("Sqrt", ("m",), ("root",)),
        Node("Reciprocal", ("root",), ("i",)),
        Node("Mul", ("g", "i"), ("y",)),
    ),
    {
        "w": random(8, 48) * 100,
        "b": random(8),
        "axes": np.array([1], np.int64),
        "least": np.array(1e-10, np.float32),
    },
    {"x": ("batch", 3, 4, 4)},
    {"y": ("batch", 8)},
)


def run(network: Network, x: NDArray[np.float32]) -> NDArray[np.float32]:
    model = onnx.load_model_from_string(onnx_from_network(network, name="toy"))
    return np.asarray(ReferenceEvaluator(model).run(None, {"x": x})[0])


def test_ends_stay_float32_and_weights_become_halves() -> None:
    written = onnx.load_model_from_string(onnx_from_network(half(PLAIN)[0], name="toy"))
    assert {v.type.tensor_type.elem_type for v in (*written.graph.input, *written.graph.output)} == {
        TensorProto.FLOAT
    }
    kinds = {tensor.name: tensor.data_type for tensor in written.graph.initializer}
    assert kinds == {"w": TensorProto.FLOAT16, "times": TensorProto.FLOAT, "shape": TensorProto.INT64}
    assert [node.op_type for node in written.graph.node] == ["Cast", "Conv", "Resize", "Reshape", "Cast"]


def test_it_computes_nearly_the_same() -> None:
    x = random(2, 3, 4, 4)
    np.testing.assert_allclose(run(half(PLAIN)[0], x), run(PLAIN, x), atol=2e-2)


def test_the_closing_normalization_stays_float32() -> None:
    """The sum of squares of large numbers is no half, and neither is what guards against dividing by zero."""
    network, rounding = half(NORMALIZED)
    assert network.constants["least"].dtype == np.float32
    assert rounding.zeroed == 0
    x = random(2, 3, 4, 4) * 10
    found = run(network, x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, run(NORMALIZED, x), atol=2e-3)
    assert not run(network, np.zeros((1, 3, 4, 4), np.float32)).any() or np.isfinite(run(network, x)).all()


def test_a_layer_may_stay_float32_by_name() -> None:
    network, rounding = half(PLAIN, single=["c"])
    assert rounding.weights == 0
    assert network.constants["w"].dtype == np.float32
    assert [node.op for node in network.nodes][-4:] == ["Cast", "Resize", "Reshape", "Cast"]
    with pytest.raises(EngineError, match="no node writes z"):
        half(PLAIN, single=["z"])


def test_what_rounding_does_is_counted() -> None:
    weight = PLAIN.constants["w"].copy()
    weight[0, 0, 0] = (1e-9, -2e-8, 1e-6)
    _, rounding = half(replace(PLAIN, constants={**PLAIN.constants, "w": weight}))
    assert (rounding.weights, rounding.zeroed, rounding.subnormal) == (108, 2, 1)
    assert rounding.largest == float(np.abs(weight).max())


@pytest.mark.parametrize("value", [65520.0, -1e9, np.inf, np.nan])
def test_a_weight_that_no_half_holds_refuses_the_model(value: float) -> None:
    weight = PLAIN.constants["w"].copy()
    weight[1, 1, 1, 1] = value
    with pytest.raises(EngineError, match="no half") as caught:
        half(replace(PLAIN, constants={**PLAIN.constants, "w": weight}))
    assert caught.value.hint


def test_a_constant_read_in_both_ways_is_refused() -> None:
    nodes = (Node("Mul", ("x", "times"), ("m",)), *PLAIN.nodes[:1], *PLAIN.nodes[1:])
    nodes = (nodes[0], replace(nodes[1], inputs=("m", "w")), *nodes[2:])
    with pytest.raises(EngineError, match="as a half and as"):
        half(replace(PLAIN, nodes=nodes))


def test_the_same_bytes_come_out_each_time() -> None:
    assert onnx_from_network(half(PLAIN)[0], name="t") == onnx_from_network(half(PLAIN)[0], name="t")


def test_another_library_computes_the_same() -> None:
    """onnxruntime's own converter, which would move weights below 1e-7, keeps to the same rounding elsewhere."""
    onnxruntime = pytest.importorskip("onnxruntime")
    float16 = pytest.importorskip("onnxruntime.transformers.float16")
    plain = replace(PLAIN, outputs={"c": ("batch", 4, 4, 4)}).with_nodes(PLAIN.nodes[:1], PLAIN.constants)
    theirs = float16.convert_float_to_float16(
        onnx.load_model_from_string(onnx_from_network(plain, name="t")), keep_io_types=True
    )
    x = random(2, 3, 4, 4)
    found, wanted = (
        onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
        for model in (onnx_from_network(half(plain)[0], name="t"), theirs.SerializeToString())
    )
    np.testing.assert_array_equal(found, wanted)
