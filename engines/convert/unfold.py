"""Block-quantized ONNX (OpenCV Zoo's ``int8bq`` files) to plain fp32 ONNX with a free batch.

Those files store each weight as int8 with a scale and a zero point per block along one axis, behind a
DequantizeLinear (opset 21) and a Reshape that undoes the flattening. Both read constants only, so they are computed
here once: ``(q - zero_point) * scale``, in float32 as the standard defines it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.convert.network import Network, Node, Shape
from engines.errors import EngineError, IntegrityError

# Kinds whose meaning for float32 did not change between opset 17 and the files' 21.
_SAME_IN_OPSET_17 = frozenset(
    {"Add", "BatchNormalization", "Constant", "Conv", "Dropout", "Flatten", "Gemm", "MaxPool", "Mul", "PRelu", "Relu"}
    | {"Reshape", "Resize", "Sigmoid", "Sub", "Transpose"}
)
_BATCH = "batch"


def unfold(network: Network) -> Network:
    """Return the network with its quantized weights as fp32 constants.

    Raises:
        IntegrityError: scales, zero points and weights do not fit each other.
        EngineError: an operation that opset 17 may read otherwise.
    """
    constants = dict(network.constants)
    nodes = []
    for node in network.nodes:
        if node.op == "DequantizeLinear" and node.inputs[0] in constants:
            constants[node.outputs[0]] = _dequantized(node, constants)
        elif node.op == "Reshape" and all(name in constants for name in node.inputs):
            constants[node.outputs[0]] = _reshaped(node, constants)
        elif node.op in _SAME_IN_OPSET_17:
            nodes.append(node)
        else:
            raise EngineError(
                f"the model holds a {node.op} that cannot be unfolded", hint="use the file that the catalog names"
            )
    return network.with_nodes(tuple(nodes), constants)


def with_free_batch(network: Network) -> Network:
    """Return the network for any batch: what was reshaped to a batch of 1 keeps its batch instead."""
    constants = dict(network.constants)
    for node in network.nodes:
        target = constants.get(node.inputs[1]) if node.op == "Reshape" else None
        if target is not None and target.ndim == 1 and target[0] == 1:
            kept = target.copy()
            kept[0] = 0  # ONNX Reshape: 0 copies the dimension of the input
            constants[node.inputs[1]] = kept
    inputs = {name: (_BATCH, *shape[1:]) for name, shape in network.inputs.items()}
    outputs = {name: (_BATCH, *shape[1:]) for name, shape in network.outputs.items()}
    return replace(network, constants=constants, inputs=inputs, outputs=outputs)


def with_free_size(network: Network) -> Network:
    """Return a detector for pictures of any size: free height and width, and free row counts in its outputs."""
    inputs: dict[str, Shape] = {name: (*shape[:2], "height", "width") for name, shape in network.inputs.items()}
    outputs: dict[str, Shape] = {
        name: (shape[0], f"rows_{name.rpartition('_')[2]}", *shape[2:]) for name, shape in network.outputs.items()
    }
    return replace(network, inputs=inputs, outputs=outputs)


def _dequantized(node: Node, constants: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    quantized, scales, zeros = (constants.get(name) for name in node.inputs)
    axis, block = int(node.attributes.get("axis", 1)), int(node.attributes.get("block_size", 0))
    if quantized is None or scales is None or zeros is None or scales.shape != zeros.shape or block < 1:
        raise IntegrityError(f"the quantized weight {node.inputs[0]!r} is incomplete", hint="fetch the model again")
    if scales.ndim != quantized.ndim or not 0 <= axis < quantized.ndim:
        raise IntegrityError(f"the scales of {node.inputs[0]!r} have a wrong rank", hint="fetch the model again")
    count = quantized.shape[axis]
    expected = tuple(-(-side // block) if i == axis else side for i, side in enumerate(quantized.shape))
    if scales.shape != expected:
        raise IntegrityError(
            f"the scales of {node.inputs[0]!r} have shape {scales.shape}, not {expected}",
            hint="fetch the model again",
        )
    spread = [np.repeat(part, block, axis=axis).take(range(count), axis=axis) for part in (scales, zeros)]
    difference = quantized.astype(np.float32) - spread[1].astype(np.float32)
    return difference * spread[0].astype(np.float32)


def _reshaped(node: Node, constants: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    try:
        return constants[node.inputs[0]].reshape([int(side) for side in constants[node.inputs[1]]])
    except ValueError as error:
        raise IntegrityError(
            f"the weight {node.inputs[0]!r} does not fit its shape: {error}", hint="fetch again"
        ) from error
