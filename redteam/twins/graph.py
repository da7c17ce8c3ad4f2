"""A differentiable twin of a served model: the very ONNX file that the gate runs, interpreted with torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from redteam.twins.operators import OPERATORS

# ONNX leaves an optional input out by giving it this name.
_NOTHING = ""


class GraphTwin:
    """Runs an ONNX graph of one input on torch tensors, so that gradients reach the picture.

    Args:
        onnx_file: a converted model, in fp32 or fp16.
        device: where torch computes it.

    Raises:
        ValueError: the graph holds an operator that the twin does not know.
    """

    def __init__(self, onnx_file: Path, *, device: str = "cpu") -> None:
        graph = onnx.load(str(onnx_file)).graph
        unknown = {node.op_type for node in graph.node} - set(OPERATORS)
        if unknown:
            raise ValueError(f"the twin does not know {sorted(unknown)}")
        self._constants = {t.name: _tensor(t).to(device) for t in graph.initializer}
        self._steps = [_Step(node) for node in graph.node]
        self._last_use = {name: i for i, step in enumerate(self._steps) for name in step.inputs}
        self._input = next(i.name for i in graph.input if i.name not in self._constants)
        self._outputs = tuple(output.name for output in graph.output)

    def __call__(self, batch: Tensor) -> dict[str, Tensor]:
        """Return every output by name for a batch (n, 3, h, w) float32 in the model's own input range."""
        values: dict[str, Tensor] = {self._input: batch.contiguous(memory_format=torch.channels_last)}
        for index, step in enumerate(self._steps):
            values[step.output] = step.run(values, self._constants)
            for name in step.inputs:
                if self._last_use[name] == index and name not in self._outputs:
                    values.pop(name, None)
        return {name: values[name] for name in self._outputs}


class _Step:
    def __init__(self, node: onnx.NodeProto) -> None:
        self._operator = OPERATORS[node.op_type]
        self.inputs = [name for name in node.input if name != _NOTHING]
        self._slots = list(node.input)
        self.output = node.output[0]
        self._attributes: dict[str, Any] = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}

    def run(self, values: Mapping[str, Tensor], constants: Mapping[str, Tensor]) -> Tensor:
        inputs = [_value(name, values, constants) for name in self._slots]
        return self._operator(inputs, self._attributes)


def _value(name: str, values: Mapping[str, Tensor], constants: Mapping[str, Tensor]) -> Tensor:
    if name == _NOTHING:
        return torch.empty(0)
    return values[name] if name in values else constants[name]


def _tensor(proto: onnx.TensorProto) -> Tensor:
    tensor = torch.from_numpy(numpy_helper.to_array(proto).copy())
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor
