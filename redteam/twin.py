"""A differentiable twin of a served model: the very ONNX file that the gate runs, interpreted with torch."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch.nn import functional

Attributes = Mapping[str, Any]
Inputs = list[torch.Tensor]


class Twin:
    """Runs an ONNX recognition model on torch tensors so that gradients reach the picture.

    Args:
        onnx_file: a converted fp32 model of one input and one output.

    Raises:
        ValueError: the graph holds an operator that the twin does not know.
    """

    def __init__(self, onnx_file: Path) -> None:
        graph = onnx.load(str(onnx_file)).graph
        unknown = {node.op_type for node in graph.node} - set(_OPERATORS)
        if unknown:
            raise ValueError(f"the twin does not know {sorted(unknown)}")
        self._constants = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in graph.initializer}
        self._steps = [_Step(node) for node in graph.node]
        self._input = next(i.name for i in graph.input if i.name not in self._constants)
        self._output = graph.output[0].name

    def __call__(self, batch: torch.Tensor) -> torch.Tensor:
        """Return unit embeddings (n, d) of a batch (n, 3, side, side) in the model's own input range."""
        values = dict(self._constants)
        values[self._input] = batch
        for step in self._steps:
            step.run(values)
        return functional.normalize(values[self._output].flatten(1), dim=1)


class _Step:
    def __init__(self, node: onnx.NodeProto) -> None:
        self._operator = _OPERATORS[node.op_type]
        self._inputs = list(node.input)
        self._output = node.output[0]
        self._attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}

    def run(self, values: dict[str, torch.Tensor]) -> None:
        inputs = [values[name] for name in self._inputs if name]
        values[self._output] = self._operator(inputs, self._attributes)


def _padded(x: torch.Tensor, attributes: Attributes, fill: float) -> torch.Tensor:
    top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
    return functional.pad(x, (left, right, top, bottom), value=fill) if any((top, left, bottom, right)) else x


def _conv(x: Inputs, a: Attributes) -> torch.Tensor:
    bias = x[2] if len(x) > 2 else None
    return functional.conv2d(
        _padded(x[0], a, 0.0), x[1], bias, stride=a.get("strides", [1, 1]), groups=a.get("group", 1)
    )


def _max_pool(x: Inputs, a: Attributes) -> torch.Tensor:
    return functional.max_pool2d(_padded(x[0], a, float("-inf")), a["kernel_shape"], a.get("strides"))


def _average_pool(x: Inputs, a: Attributes) -> torch.Tensor:
    return functional.avg_pool2d(_padded(x[0], a, 0.0), a["kernel_shape"], a.get("strides"))


def _batch_norm(x: Inputs, a: Attributes) -> torch.Tensor:
    return functional.batch_norm(x[0], x[3], x[4], x[1], x[2], training=False, eps=a.get("epsilon", 1e-5))


def _gemm(x: Inputs, a: Attributes) -> torch.Tensor:
    weight = x[1].T if a.get("transB", 0) else x[1]
    product = x[0] @ weight * a.get("alpha", 1.0)
    return product + x[2] * a.get("beta", 1.0) if len(x) > 2 else product


def _flatten(x: Inputs, a: Attributes) -> torch.Tensor:
    return x[0].flatten(a.get("axis", 1))


def _reduce_sum(x: Inputs, a: Attributes) -> torch.Tensor:
    axes = x[1].tolist() if len(x) > 1 else a["axes"]
    return x[0].sum(dim=list(axes), keepdim=bool(a.get("keepdims", 1)))


def _reshape(x: Inputs, a: Attributes) -> torch.Tensor:
    del a
    shape = [int(x[0].shape[i]) if size == 0 else size for i, size in enumerate(x[1].tolist())]
    return x[0].reshape(shape)


def _prelu(x: Inputs, a: Attributes) -> torch.Tensor:
    del a
    return torch.where(x[0] >= 0, x[0], x[0] * x[1])


_OPERATORS: dict[str, Callable[[Inputs, Attributes], torch.Tensor]] = {
    "Add": lambda x, _: x[0] + x[1],
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Concat": lambda x, a: torch.cat(x, dim=a["axis"]),
    "Conv": _conv,
    "Div": lambda x, _: x[0] / x[1],
    "Flatten": _flatten,
    "Gemm": _gemm,
    "Identity": lambda x, _: x[0],
    "MatMul": lambda x, _: x[0] @ x[1],
    "Max": lambda x, _: torch.maximum(x[0], x[1]),
    "MaxPool": _max_pool,
    "Mul": lambda x, _: x[0] * x[1],
    "PRelu": _prelu,
    "Reciprocal": lambda x, _: x[0].reciprocal(),
    "ReduceSum": _reduce_sum,
    "Relu": lambda x, _: functional.relu(x[0]),
    "Reshape": _reshape,
    "Sqrt": lambda x, _: x[0].sqrt(),
    "Sub": lambda x, _: x[0] - x[1],
}


def to_planes(crop: np.ndarray[Any, np.dtype[np.float32]]) -> torch.Tensor:
    """Return a rendered crop (1, 3, side, side) as a torch tensor."""
    return torch.from_numpy(np.ascontiguousarray(crop))
