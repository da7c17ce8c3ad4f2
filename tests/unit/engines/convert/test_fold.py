from dataclasses import replace

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator

from engines.convert.fold import fold
from engines.convert.network import Network, Node, onnx_from_network

RNG = np.random.default_rng(11)


def random(*shape: int) -> NDArray[np.float32]:
    return RNG.standard_normal(shape).astype(np.float32)


def statistics(name: str, count: int) -> dict[str, NDArray[np.float32]]:
    values = (random(count), random(count), random(count), np.abs(random(count)) + np.float32(0.2))
    return {f"{name}{i}": value for i, value in enumerate(values)}


def normalization(source: str, name: str, output: str) -> Node:
    return Node("BatchNormalization", (source, *(f"{name}{i}" for i in range(4))), (output,), {"epsilon": 1e-3})


CONSTANTS = {
    "mean": np.array([127.5], np.float32),
    "scale": np.array([1 / 128], np.float32),
    "w": random(4, 3, 3, 3),
    "slope": random(4, 1, 1),
    "g": random(6, 4 * 5 * 5),
    "b": random(6),
    **statistics("n", 4),
    **statistics("m", 4),
    **statistics("k", 6),
}
TOY = Network(
    (
        Node("Sub", ("x", "mean"), ("centered",)),
        Node("Mul", ("centered", "scale"), ("scaled",)),
        Node("Conv", ("scaled", "w"), ("c",), {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
        normalization("c", "n", "cn"),
        Node("PRelu", ("cn", "slope"), ("r",)),
        normalization("r", "m", "rm"),
        Node("Dropout", ("rm",), ("d",)),
        Node("Flatten", ("d",), ("f",), {"axis": 1}),
        Node("Gemm", ("f", "g", "b"), ("e",), {"transB": 1}),
        normalization("e", "k", "y"),
    ),
    CONSTANTS,
    {"x": ("batch", 3, 5, 5)},
    {"y": ("batch", 6)},
)


def run(network: Network, batch: NDArray[np.float32]) -> NDArray[np.float32]:
    model = onnx.load_model_from_string(onnx_from_network(network, name="toy"))
    (value,) = ReferenceEvaluator(model).run(None, {"x": batch})
    return np.asarray(value, np.float32)


def test_folded_network_is_small_and_equal() -> None:
    folded = fold(TOY)
    assert [n.op for n in folded.nodes] == ["Sub", "Conv", "PRelu", "Flatten", "Gemm"]
    batch = RNG.random((2, 3, 5, 5), dtype=np.float32) * 255
    np.testing.assert_allclose(run(folded, batch), run(TOY, batch), rtol=1e-4, atol=1e-4)


def test_folding_twice_changes_nothing() -> None:
    once = fold(TOY)
    assert onnx_from_network(fold(once), name="toy") == onnx_from_network(once, name="toy")


def test_folding_is_reproducible_to_the_byte() -> None:
    assert onnx_from_network(fold(TOY), name="toy") == onnx_from_network(fold(TOY), name="toy")


@pytest.mark.parametrize("read_again", ["c", "cn", "r", "e"])
def test_value_that_is_read_elsewhere_is_kept(read_again: str) -> None:
    network = replace(
        TOY, outputs={**TOY.outputs, read_again: ("batch", 6) if read_again == "e" else ("batch", 4, 5, 5)}
    )
    batch = RNG.random((1, 3, 5, 5), dtype=np.float32) * 255
    models = [onnx.load_model_from_string(onnx_from_network(n, name="toy")) for n in (network, fold(network))]
    before, after = (ReferenceEvaluator(model).run(None, {"x": batch}) for model in models)
    for value, folded in zip(before, after, strict=True):
        np.testing.assert_allclose(folded, value, rtol=1e-4, atol=1e-4)


def test_scale_by_channel_before_a_convolution_is_kept() -> None:
    constants = {**CONSTANTS, "scale": random(3, 1, 1)}
    assert "Mul" in [n.op for n in fold(replace(TOY, constants=constants)).nodes]


def test_gemm_with_factors_of_its_own_is_kept() -> None:
    nodes = tuple(replace(n, attributes={"transB": 1, "alpha": 2.0}) if n.op == "Gemm" else n for n in TOY.nodes)
    network = replace(TOY, nodes=nodes)
    assert [n.op for n in fold(network).nodes].count("BatchNormalization") == 2
    batch = RNG.random((1, 3, 5, 5), dtype=np.float32)
    np.testing.assert_allclose(run(fold(network), batch), run(network, batch), rtol=1e-4, atol=1e-4)
