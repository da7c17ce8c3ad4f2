import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator

from engines.convert.facenet import network_from_graph
from engines.convert.fold import fold
from engines.convert.graphdef import read_graph
from engines.convert.network import Network, onnx_from_network
from engines.errors import EngineError
from tests.support.graphdef_bytes import const, flag, graph, int_const, integers, node, real, text

SIDE = 9
RNG = np.random.default_rng(7)


def random(*shape: int) -> NDArray[np.float32]:
    return RNG.standard_normal(shape).astype(np.float32)


KERNEL, BIAS, TALL, BOTTLENECK = random(3, 3, 3, 4), random(4), random(3, 1, 4, 4), random(8, 5)
STATISTICS = (np.ones(5, np.float32), random(5), random(5), np.abs(random(5)) + np.float32(0.5))
SAME = {"padding": text("SAME"), "strides": integers(1, 1, 1, 1), "data_format": text("NHWC")}
VALID = {"padding": text("VALID"), "strides": integers(1, 2, 2, 1), "data_format": text("NHWC")}
NODES = {
    "input": node("input", "Placeholder"),
    "kernel": const("kernel", KERNEL),
    "bias": const("bias", BIAS),
    "conv": node("conv", "Conv2D", "input:0", "kernel", **VALID),
    "biased": node("biased", "BiasAdd", "conv", "bias"),
    "relu": node("relu", "Relu", "biased"),
    "tall": const("tall", TALL),
    "same": node("same", "Conv2D", "relu", "tall", **SAME),
    "scale": const("scale", np.array(0.17, np.float32)),
    "scaled": node("scaled", "Mul", "scale", "same"),
    "added": node("added", "Add", "relu", "scaled"),
    "axis": int_const("axis", 3, is_scalar=True),
    "joined": node("joined", "ConcatV2", "added", "relu", "axis"),
    "pool": node(
        "pool", "MaxPool", "joined", ksize=integers(1, 3, 3, 1), **{**VALID, "strides": integers(1, 1, 1, 1)}
    ),
    "mean": node("mean", "AvgPool", "pool", ksize=integers(1, 2, 2, 1), **VALID),
    "shape": int_const("shape", 1, -1),
    "flat": node("flat", "Reshape", "mean", "shape"),
    "weights": const("weights", BOTTLENECK),
    "product": node("product", "MatMul", "flat", "weights"),
    "again": node("again", "Reshape", "product", "shape"),
    **{f"statistic{i}": const(f"statistic{i}", value) for i, value in enumerate(STATISTICS)},
    "norm": node("norm", "FusedBatchNorm", "again", *(f"statistic{i}" for i in range(4)), epsilon=real(0.001)),
    "row": node("row", "Reshape", "norm", "shape"),
    "square": node("square", "Square", "row"),
    "one": int_const("one", 1, is_scalar=True),
    "sum": node("sum", "Sum", "square", "one", keep_dims=flag(is_set=True)),
    "floor": const("floor", np.array(1e-10, np.float32)),
    "most": node("most", "Maximum", "sum", "floor"),
    "root": node("root", "Rsqrt", "most"),
    "embeddings": node("embeddings", "Mul", "row", "root"),
}


def translate(nodes: dict[str, bytes], output: str = "embeddings") -> Network:
    return network_from_graph(read_graph(graph(*reversed(nodes.values()))), output=output, side=SIDE, dimension=5)


def run(network: Network, batch: NDArray[np.float32]) -> NDArray[np.float32]:
    model = onnx.load_model_from_string(onnx_from_network(network, name="toy"))
    (value,) = ReferenceEvaluator(model).run(None, {"input": batch})
    return np.asarray(value, np.float32)


def tensorflow(picture: NDArray[np.float32]) -> NDArray[np.float64]:
    """What TensorFlow computes for one (side, side, 3) picture, written out without any library's layers."""
    relu = np.maximum(slide(picture.astype(np.float64), KERNEL, 2) + BIAS, 0)
    padded = np.pad(relu, ((1, 1), (0, 0), (0, 0)))
    joined = np.concatenate([relu + np.float32(0.17) * slide(padded, TALL, 1), relu], axis=-1)
    windows = np.lib.stride_tricks.sliding_window_view(joined, (3, 3), axis=(0, 1))
    flat = windows.max(axis=(-1, -2))[:2, :2].mean(axis=(0, 1))
    gamma, beta, mean, variance = STATISTICS
    row = (flat @ BOTTLENECK - mean) / np.sqrt(variance + 0.001) * gamma + beta
    return np.asarray(row / np.sqrt(max(float(row @ row), 1e-10)))


def slide(values: NDArray[np.float64], kernel: NDArray[np.float32], stride: int) -> NDArray[np.float64]:
    windows = np.lib.stride_tricks.sliding_window_view(values, kernel.shape[:2], axis=(0, 1))
    return np.asarray(np.einsum("rcihw,hwio->rco", windows[::stride, ::stride], kernel))


def test_every_kind_of_node_means_what_it_means_in_tensorflow() -> None:
    pictures = random(3, SIDE, SIDE, 3)
    expected = np.stack([tensorflow(picture) for picture in pictures])
    batch = np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))
    network = translate(NODES)
    np.testing.assert_allclose(run(network, batch), expected, atol=2e-6)
    np.testing.assert_allclose(run(fold(network), batch), expected, atol=2e-6)


def test_folding_leaves_no_scale_and_no_normalization_of_weights() -> None:
    kinds = [n.op for n in fold(translate(NODES)).nodes]
    assert "BatchNormalization" not in kinds
    assert "Identity" not in kinds
    assert kinds.count("Mul") == 2  # the square and the norm


@pytest.mark.parametrize(
    ("name", "replacement"),
    [
        ("relu", node("relu", "Relu6", "biased")),
        ("axis", int_const("axis", 2, is_scalar=True)),
        ("bias", node("bias", "Placeholder")),
        ("kernel", node("kernel", "Relu", "input")),
        ("conv", node("conv", "Conv2D", "input", "kernel", **{**VALID, "padding": text("SAME")})),
        ("conv", node("conv", "Conv2D", "input", "kernel", **{**VALID, "data_format": text("NCHW")})),
        ("conv", node("conv", "Conv2D", "input", "kernel", dilations=integers(1, 2, 2, 1), **VALID)),
        ("biased", node("biased", "BiasAdd", "input", "bias")),
        ("product", node("product", "MatMul", "flat", "weights", transpose_b=flag(is_set=True))),
        ("conv", node("conv", "Conv2D", "input", "kernel")),
        ("norm", node("norm", "FusedBatchNorm", "again", *(f"statistic{i}" for i in range(4)))),
    ],
)
def test_graph_of_another_form_is_refused(name: str, replacement: bytes) -> None:
    with pytest.raises(EngineError) as caught:
        translate({**NODES, name: replacement})
    assert caught.value.hint


def test_graph_without_the_output_is_refused() -> None:
    with pytest.raises(EngineError, match="logits"):
        translate(NODES, output="logits")
