from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from engines.convert.network import network_from_onnx, onnx_from_network
from engines.convert.unfold import unfold, with_free_batch, with_free_size
from engines.errors import EngineError, IntegrityError

RNG = np.random.default_rng(3)
QUANTIZED = RNG.integers(-128, 128, (4, 27)).astype(np.int8)
SCALES = RNG.random((4, 3)).astype(np.float32) / 100
ZEROS = RNG.integers(-3, 4, (4, 3)).astype(np.int8)


def quantized_model(**changed: Any) -> bytes:
    """A Conv whose weight is blocked by 10 along axis 1 (the last block is short), as the published files are."""
    tensors: dict[str, NDArray[Any]] = {
        "q": QUANTIZED,
        "s": SCALES,
        "z": ZEROS,
        "shape": np.array([4, 3, 3, 3], np.int64),
        "rows": np.array([1, -1, 4], np.int64),
        **changed,
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["flat"], axis=1, block_size=10),
        helper.make_node("Reshape", ["flat", "shape"], ["w"]),
        helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Transpose", ["y"], ["t"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["t", "rows"], ["cls_8"]),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "toy",
        [value("x", TensorProto.FLOAT, [1, 3, 6, 6]), value("stale", TensorProto.FLOAT, [4, 3, 3, 3])],
        [value("cls_8", TensorProto.FLOAT, [1, 36, 4])],
        [numpy_helper.from_array(v, k) for k, v in tensors.items()],
    )
    return bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]).SerializeToString())


def reference(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    spread = [np.repeat(part, 10, axis=1)[:, :27].astype(np.float32) for part in (SCALES, ZEROS)]
    weight = ((QUANTIZED - spread[1]) * spread[0]).reshape(4, 3, 3, 3)
    padded = np.pad(picture, ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return np.asarray(np.einsum("irchw,oihw->rco", windows, weight).reshape(36, 4), np.float32)


def run(model: bytes, batch: NDArray[np.float32]) -> NDArray[np.float32]:
    (value,) = ReferenceEvaluator(onnx.load_model_from_string(model)).run(None, {"x": batch})
    return np.asarray(value, np.float32)


def test_quantized_weights_become_constants() -> None:
    network = unfold(network_from_onnx(quantized_model()))
    assert [n.op for n in network.nodes] == ["Conv", "Transpose", "Reshape"]
    assert {v.dtype for v in network.constants.values()} == {np.dtype(np.float32), np.dtype(np.int64)}
    picture = RNG.random((1, 3, 6, 6), dtype=np.float32)
    np.testing.assert_allclose(
        run(onnx_from_network(network, name="toy"), picture)[0], reference(picture[0]), atol=1e-5
    )


def test_stale_inputs_are_dropped() -> None:
    assert list(network_from_onnx(quantized_model()).inputs) == ["x"]


def test_written_model_is_opset_17_with_plain_metadata() -> None:
    model = onnx.load_model_from_string(onnx_from_network(unfold(network_from_onnx(quantized_model())), name="toy"))
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 17)]
    assert (model.ir_version, model.producer_name, model.producer_version) == (8, "edge-gate", "")


def test_writing_is_reproducible() -> None:
    once, twice = (onnx_from_network(unfold(network_from_onnx(quantized_model())), name="toy") for _ in range(2))
    assert once == twice


def test_free_batch_keeps_pictures_apart() -> None:
    network = with_free_batch(unfold(network_from_onnx(quantized_model())))
    assert network.inputs == {"x": ("batch", 3, 6, 6)}
    pictures = RNG.random((3, 3, 6, 6), dtype=np.float32)
    found = run(onnx_from_network(network, name="toy"), pictures)
    assert found.shape == (3, 36, 4)
    np.testing.assert_allclose(found, np.stack([reference(p) for p in pictures]), atol=1e-5)


def test_free_size_takes_any_picture() -> None:
    network = with_free_size(with_free_batch(unfold(network_from_onnx(quantized_model()))))
    assert network.inputs == {"x": ("batch", 3, "height", "width")}
    assert network.outputs == {"cls_8": ("batch", "rows_8", 4)}
    assert run(onnx_from_network(network, name="toy"), np.zeros((1, 3, 4, 8), np.float32)).shape == (1, 32, 4)


@pytest.mark.parametrize(
    "changed",
    [
        {"s": SCALES[:, :2], "z": ZEROS[:, :2]},
        {"z": ZEROS[:, :2]},
        {"s": SCALES[:3], "z": ZEROS[:3]},
        {"s": SCALES[0], "z": ZEROS[0]},
        {"shape": np.array([4, 3, 3, 4], np.int64)},
    ],
)
def test_weights_that_do_not_fit_are_refused(changed: dict[str, NDArray[Any]]) -> None:
    with pytest.raises(IntegrityError) as caught:
        unfold(network_from_onnx(quantized_model(**changed)))
    assert caught.value.hint


def test_unknown_operation_is_refused() -> None:
    node = helper.make_node("Loop", ["x", "x"], ["y"])
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [node], "toy", [value("x", TensorProto.FLOAT, [1])], [value("y", TensorProto.FLOAT, [1])]
    )
    with pytest.raises(EngineError, match="Loop"):
        unfold(network_from_onnx(helper.make_model(graph).SerializeToString()))


@pytest.mark.parametrize("data", [b"", b"garbage", b"\xff" * 30, quantized_model()[:-40], quantized_model()[:50]])
def test_damaged_onnx_is_an_integrity_error(data: bytes) -> None:
    with pytest.raises(IntegrityError) as caught:
        unfold(network_from_onnx(data))
    assert caught.value.hint


def test_network_that_is_not_valid_onnx_is_an_engine_error() -> None:
    network = unfold(network_from_onnx(quantized_model()))
    with pytest.raises(EngineError, match="not valid ONNX"):
        onnx_from_network(network.with_nodes(network.nodes[1:], network.constants), name="toy")
