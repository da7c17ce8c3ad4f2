"""A model of two nodes with free dimensions, as the converters write them: what it must give is known."""

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engines.runtime.base import FloatArray, Precision
from engines.runtime.request import EngineRequest

SHAPE = (2, 3, 4, 4)
WEIGHT = np.random.default_rng(1).standard_normal((5, 48)).astype(np.float32)


def toy_request(folder: Path) -> EngineRequest:
    """Write the model to a folder and return what asks for its engine."""
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("Gemm", ["f", "w"], ["y"], transB=1)],
        "toy",
        [value("x", TensorProto.FLOAT, ["batch", 3, "height", "width"])],
        [value("y", TensorProto.FLOAT, ["batch", 5])],
        [numpy_helper.from_array(WEIGHT, "w")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    (folder / "toy.onnx").write_bytes(made)
    return EngineRequest(
        model_id="toy",
        model_path=folder / "toy.onnx",
        model_sha256=hashlib.sha256(made).hexdigest(),
        output_names=("y",),
        input_shape=SHAPE,
        precision=Precision.FP32,
        threads=1,
        cache_dir=folder / "compiled",
    )


def random_batch(seed: int = 0) -> FloatArray:
    """Return an input."""
    return np.random.default_rng(seed).random(SHAPE, dtype=np.float32)


def product(batch: FloatArray) -> NDArray[np.float32]:
    """Return what the model gives for an input."""
    return np.asarray(batch.reshape(2, -1) @ WEIGHT.T, np.float32)
