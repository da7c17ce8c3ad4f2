"""An fp32 network as int8: quantizing pairs on the inputs and weights of its Conv and Gemm layers, nowhere else.

The form is the one that TensorRT builds int8 layers of (explicit quantization): symmetric, zero points 0, weights a
channel of their own on axis 0, activations one scale a tensor, biases left alone. Only inputs are quantized, so that
an activation function behind a layer can still be fused into it. What is not quantized is for
:func:`engines.convert.half.half` to make fp16; scales are chosen so that they survive that:

* A scale is a number that a half holds, rounded up for weights, so that no weight is clipped by it.
* Weights are stored as the multiples of their scale that they become, so every runtime finds the same integers.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.convert.network import Network, Node
from engines.errors import EngineError

OPSET = 19
"""The first whose scales may be halves."""
LAYERS = frozenset({"Conv", "Gemm"})
_MOST = 127
_LEAST_SCALE = float(np.finfo(np.float16).smallest_subnormal)
_ZERO = "int8_zero_point"
_ZEROS = "int8_zero_points_{}"


def quantized(network: Network, ranges: Mapping[str, float]) -> Network:
    """Return the network with quantizing pairs; opset :data:`OPSET`.

    Args:
        network: fp32; its layers' weights are constants, output channels first.
        ranges: largest magnitude to represent, by the name of the value that a layer reads. Layers whose input has
            none stay as they are.

    Raises:
        EngineError: a range belongs to no layer or is not finite and positive, or weights have another form.
    """
    writer = _Writer(network, ranges)
    for node in network.nodes:
        writer.add(node)
    unknown = sorted(ranges.keys() - writer.used)
    if unknown:
        raise EngineError(f"a range names {unknown[0]}, which no layer reads", hint="fit the ranges again")
    return network.with_nodes(tuple(writer.nodes), writer.constants)


class _Writer:
    """The nodes and constants so far."""

    def __init__(self, network: Network, ranges: Mapping[str, float]) -> None:
        self._ranges = ranges
        self.constants: dict[str, NDArray[Any]] = dict(network.constants)
        self.nodes: list[Node] = []
        self.used: set[str] = set()

    def add(self, node: Node) -> None:
        """Append a node, a layer of a known range behind its quantizing pairs."""
        if node.op not in LAYERS or node.inputs[0] not in self._ranges:
            self.nodes.append(node)
            return
        activation = self._activation(node.inputs[0])
        weight = self._weight(node)
        self.nodes.append(Node(node.op, (activation, weight, *node.inputs[2:]), node.outputs, node.attributes))

    def _activation(self, name: str) -> str:
        if name not in self.used:
            most = self._ranges[name]
            if not (np.isfinite(most) and most > 0):
                raise EngineError(f"the range of {name} is {most}", hint="fit the ranges again")
            self.used.add(name)
            scale = max(float(np.float16(most / _MOST)), _LEAST_SCALE)
            self.constants[f"{name}_scale"] = np.array(scale, np.float32)
            self.constants[_ZERO] = np.zeros((), np.int8)
            self._pair(name, f"{name}_scale", _ZERO, {})
        return f"{name}_dequantized"

    def _weight(self, node: Node) -> str:
        name = node.inputs[1]
        value = self.constants.get(name)
        is_plain = node.op == "Conv" or node.attributes.get("transB", 0) == 1
        if value is None or value.dtype != np.float32 or value.ndim < 2 or not is_plain:
            raise EngineError(
                f"the weights of {node.outputs[0]} are not float32 with output channels first",
                hint="report this with the model's id",
            )
        if f"{name}_scale" not in self.constants:
            channels = len(value)
            scale = weight_scales(value)
            spread = scale.reshape(-1, *(1,) * (value.ndim - 1))
            self.constants[name] = (np.rint(value / spread) * spread).astype(np.float32)
            self.constants[f"{name}_scale"] = scale
            zeros = _ZEROS.format(channels)
            self.constants[zeros] = np.zeros(channels, np.int8)
            self._pair(name, f"{name}_scale", zeros, {"axis": 0})
        return f"{name}_dequantized"

    def _pair(self, name: str, scale: str, zero: str, attributes: Mapping[str, Any]) -> None:
        self.nodes.append(Node("QuantizeLinear", (name, scale, zero), (f"{name}_quantized",), attributes))
        self.nodes.append(
            Node("DequantizeLinear", (f"{name}_quantized", scale, zero), (f"{name}_dequantized",), attributes)
        )


def weight_scales(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the scale of each output channel: the least half by which its largest weight is at most 127."""
    most = np.abs(weight.reshape(len(weight), -1)).max(axis=1).astype(np.float64) / _MOST
    nearest = most.astype(np.float16)
    up = np.where(nearest.astype(np.float64) < most, np.nextafter(nearest, np.float16(np.inf)), nearest)
    scales: NDArray[np.float32] = np.maximum(up.astype(np.float32), np.float32(_LEAST_SCALE))
    return scales
