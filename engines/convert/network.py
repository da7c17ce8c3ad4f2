"""A neural network as plain frozen values, and its two ways: read from ONNX, written to ONNX.

Converters are functions from Network to Network. What they write is reproducible to the byte, so the catalog can pin
the hash of a converted model: tensors lie in file order as raw little-endian bytes, attributes sorted by name, and
nothing about the writer's environment is recorded.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import helper, numpy_helper, shape_inference

from engines.errors import EngineError, IntegrityError

OPSET = 17
IR_VERSION = 8
_HINT = "fetch the model again: 'edge-gate engines fetch'"

Shape = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """One ONNX operation of the default domain.

    Attributes:
        op: kind, such as ``Conv``.
        inputs: names read; an empty name is an omitted optional input.
        outputs: names written.
        attributes: whole numbers, real numbers, text or lists of them.
    """

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Network:
    """A graph of nodes.

    Attributes:
        nodes: each after the nodes that it reads.
        constants: weights by name.
        inputs: name to shape; a text dimension is free. All float32.
        outputs: name to shape; likewise.
    """

    nodes: tuple[Node, ...]
    constants: Mapping[str, NDArray[Any]]
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]

    def with_nodes(self, nodes: tuple[Node, ...], constants: Mapping[str, NDArray[Any]]) -> "Network":
        """Return the network with other nodes, and of ``constants`` only those that the nodes read."""
        read = {name for node in nodes for name in node.inputs}
        return replace(self, nodes=nodes, constants={k: v for k, v in constants.items() if k in read})

    def readers(self) -> Counter[str]:
        """Return how many node inputs and network outputs read each name."""
        counts = Counter(name for node in self.nodes for name in node.inputs)
        counts.update(list(self.outputs))
        return counts


def network_from_onnx(data: bytes) -> Network:
    """Read a serialized ONNX model.

    Raises:
        IntegrityError: the bytes are no ONNX model, or its weights contradict their shapes.
    """
    try:
        graph = onnx.load_model_from_string(data).graph
        constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        nodes = tuple(
            Node(
                node.op_type,
                tuple(node.input),
                tuple(node.output),
                {a.name: helper.get_attribute_value(a) for a in node.attribute},
            )
            for node in graph.node
        )
    except (DecodeError, ValueError, TypeError) as error:
        raise IntegrityError(f"not an ONNX model: {error}", hint=_HINT) from error
    if not nodes:
        raise IntegrityError("the ONNX model is empty", hint=_HINT)
    # Exporters of old listed every weight as an input too, even ones that quantizing has since renamed.
    read = {name for node in nodes for name in node.inputs} - set(constants)
    inputs = {value.name: _shape(value) for value in graph.input if value.name in read}
    return Network(nodes, constants, inputs, {value.name: _shape(value) for value in graph.output})


def onnx_from_network(network: Network, *, name: str, opset: int = OPSET) -> bytes:
    """Write a network as ONNX, checked in full.

    Args:
        network: what to write.
        name: the graph's name.
        opset: version of the operations that its nodes are read by.

    Raises:
        EngineError: the network is not valid ONNX of our opset.
    """
    graph = helper.make_graph(
        [helper.make_node(n.op, n.inputs, n.outputs, **dict(sorted(n.attributes.items()))) for n in network.nodes],
        name,
        [helper.make_tensor_value_info(k, onnx.TensorProto.FLOAT, v) for k, v in network.inputs.items()],
        [helper.make_tensor_value_info(k, onnx.TensorProto.FLOAT, v) for k, v in network.outputs.items()],
        [numpy_helper.from_array(np.asarray(v, order="C"), k) for k, v in network.constants.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=IR_VERSION, producer_name="edge-gate"
    )
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, shape_inference.InferenceError) as error:
        raise EngineError(
            f"the converted {name} is not valid ONNX: {error}", hint="report this with the model's id and version"
        ) from error
    written: bytes = model.SerializeToString(deterministic=True)
    return written


def _shape(value: onnx.ValueInfoProto) -> Shape:
    return tuple(dim.dim_param or int(dim.dim_value) for dim in value.type.tensor_type.shape.dim)
