"""davidsandberg's FaceNet from its frozen TensorFlow graph to ONNX, node by node.

TensorFlow's channels-last activations become channels-first, so convolution weights (h, w, in, out) become (out, in,
h, w) and the channel axis 3 becomes 1. ``SAME`` padding puts the odd pixel after, as TensorFlow does. The closing
reshapes, which fix the batch at 1, keep the batch instead.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.convert.graphdef import GraphNode
from engines.convert.network import Network, Node
from engines.errors import EngineError

_HINT = "use the file that the catalog names"


def network_from_graph(graph: Mapping[str, GraphNode], *, output: str, side: int, dimension: int) -> Network:
    """Translate a FaceNet graph.

    Args:
        graph: from :func:`engines.convert.graphdef.read_graph`, in order.
        output: name of the embedding node.
        side: input width and height, pixels.
        dimension: length of the embedding.

    Returns:
        A network from (batch, 3, side, side) to (batch, dimension), of unit norm.

    Raises:
        EngineError: the graph holds a node of a kind or form that FaceNet does not have.
    """
    translation = _Translation(graph)
    inputs = [node.name for node in graph.values() if node.op == "Placeholder"]
    if len(inputs) != 1 or output not in graph:
        raise EngineError(f"the graph has inputs {inputs} and no unique path to {output!r}", hint=_HINT)
    for node in graph.values():
        translation.add(node)
    return Network(
        tuple(translation.nodes),
        translation.constants,
        {inputs[0]: ("batch", 3, side, side)},
        {output: ("batch", dimension)},
    )


class _Translation:
    """Nodes and constants collected so far."""

    def __init__(self, graph: Mapping[str, GraphNode]) -> None:
        self._graph = graph
        self.nodes: list[Node] = []
        self.constants: dict[str, NDArray[Any]] = {}

    def add(self, node: GraphNode) -> None:
        """Translate one node."""
        if node.op in {"Const", "Placeholder"}:
            return
        if node.op not in _TRANSLATORS:
            raise EngineError(f"the graph holds {node.op} ({node.name}), which FaceNet has not", hint=_HINT)
        try:
            _TRANSLATORS[node.op](self, node)
        except (LookupError, TypeError, ValueError) as error:
            raise EngineError(f"{node.name} has not the form of FaceNet's {node.op}: {error}", hint=_HINT) from error

    def emit(self, op: str, node: GraphNode, inputs: tuple[str, ...], **attributes: object) -> None:
        """Append an ONNX node that writes the name of a TensorFlow node."""
        self.nodes.append(Node(op, inputs, (node.name,), attributes))

    def op_of(self, name: str) -> str:
        """Return the kind of a TensorFlow node."""
        return self._graph[name].op

    def tensor(self, node: GraphNode, index: int) -> NDArray[Any]:
        """Return the constant at an input of a node."""
        source = self._graph[node.inputs[index]] if index < len(node.inputs) else None
        if source is None or source.tensor is None:
            raise EngineError(f"input {index} of {node.name} is not a constant", hint=_HINT)
        return source.tensor

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """Store a constant and return its name."""
        self.constants[name] = value
        return name


def _convolution(to: _Translation, node: GraphNode) -> None:
    weight = to.tensor(node, 1)
    rows, columns = weight.shape[:2]
    name = to.constant(node.inputs[1], np.ascontiguousarray(weight.transpose(3, 2, 0, 1)))
    to.emit("Conv", node, (node.inputs[0], name), kernel_shape=[rows, columns], **_window(node, rows, columns))


def _bias(to: _Translation, node: GraphNode) -> None:
    """Give the bias to the convolution before it, which nothing else reads."""
    convolution = to.nodes[-1] if to.nodes else None
    if convolution is None or convolution.op != "Conv" or convolution.outputs != (node.inputs[0],):
        raise EngineError(f"{node.name} does not follow a convolution", hint=_HINT)
    name = to.constant(node.inputs[1], to.tensor(node, 1))
    to.nodes[-1] = Node("Conv", (*convolution.inputs, name), (node.name,), convolution.attributes)


def _max_pool(to: _Translation, node: GraphNode) -> None:
    rows, columns = node.lists["ksize"][1:3]
    to.emit("MaxPool", node, node.inputs, kernel_shape=[rows, columns], **_window(node, rows, columns))


def _average_pool(to: _Translation, node: GraphNode) -> None:
    rows, columns = node.lists["ksize"][1:3]
    to.emit("AveragePool", node, node.inputs, kernel_shape=[rows, columns], **_window(node, rows, columns))


def _window(node: GraphNode, rows: int, columns: int) -> dict[str, list[int]]:
    """Return strides and padding of a sliding window."""
    strides = list(node.lists["strides"][1:3])
    padding = node.strings.get("padding")
    if node.strings.get("data_format", "NHWC") != "NHWC" or set(node.lists.get("dilations", (1,))) != {1}:
        raise EngineError(f"{node.name} has a layout or dilation that FaceNet has not", hint=_HINT)
    if padding == "VALID":
        return {"strides": strides, "pads": [0, 0, 0, 0]}
    if padding != "SAME" or strides != [1, 1]:
        raise EngineError(f"{node.name} is padded {padding!r} at strides {strides}", hint=_HINT)
    before = [(size - 1) // 2 for size in (rows, columns)]
    after = [size - 1 - lead for size, lead in zip((rows, columns), before, strict=True)]
    return {"strides": strides, "pads": before + after}


def _concatenation(to: _Translation, node: GraphNode) -> None:
    axis = int(to.tensor(node, len(node.inputs) - 1))
    if axis != 3:
        raise EngineError(f"{node.name} joins axis {axis}, not channels", hint=_HINT)
    to.emit("Concat", node, node.inputs[:-1], axis=1)


def _product(to: _Translation, node: GraphNode) -> None:
    inputs = list(node.inputs)
    for index, name in enumerate(inputs):
        if to.op_of(name) == "Const":
            inputs[index] = to.constant(name, to.tensor(node, index).reshape(()))
    to.emit("Mul", node, tuple(inputs))


def _flatten(to: _Translation, node: GraphNode) -> None:
    """Join channels and pixels. After the pool that is a Flatten; around the closing layers it is nothing."""
    if to.op_of(node.inputs[0]) == "AvgPool":
        to.emit("Flatten", node, node.inputs[:1], axis=1)
    else:
        to.emit("Identity", node, node.inputs[:1])


def _matrix_product(to: _Translation, node: GraphNode) -> None:
    if node.integers.get("transpose_a") or node.integers.get("transpose_b"):
        raise EngineError(f"{node.name} transposes, which FaceNet does not", hint=_HINT)
    name = to.constant(node.inputs[1], np.ascontiguousarray(to.tensor(node, 1).T))
    bias = to.constant(f"{node.inputs[1]}_bias", np.zeros(to.tensor(node, 1).shape[1], np.float32))
    to.emit("Gemm", node, (node.inputs[0], name, bias), transB=1)


def _batch_normalization(to: _Translation, node: GraphNode) -> None:
    names = [to.constant(node.inputs[i], to.tensor(node, i)) for i in range(1, 5)]
    to.emit("BatchNormalization", node, (node.inputs[0], *names), epsilon=node.floats["epsilon"])


def _square(to: _Translation, node: GraphNode) -> None:
    to.emit("Mul", node, (node.inputs[0], node.inputs[0]))


def _sum(to: _Translation, node: GraphNode) -> None:
    axes = to.constant(f"{node.name}_axes", to.tensor(node, 1).reshape(-1).astype(np.int64))
    to.emit("ReduceSum", node, (node.inputs[0], axes), keepdims=node.integers.get("keep_dims", 0))


def _maximum(to: _Translation, node: GraphNode) -> None:
    floor = to.constant(node.inputs[1], to.tensor(node, 1).reshape(1))
    to.emit("Max", node, (node.inputs[0], floor))


def _reciprocal_root(to: _Translation, node: GraphNode) -> None:
    root = f"{node.name}_root"
    to.nodes.append(Node("Sqrt", node.inputs, (root,)))
    to.emit("Reciprocal", node, (root,))


def _same_kind(to: _Translation, node: GraphNode) -> None:
    to.emit(node.op, node, node.inputs)


_TRANSLATORS: dict[str, Callable[[_Translation, GraphNode], None]] = {
    "Add": _same_kind,
    "AvgPool": _average_pool,
    "BiasAdd": _bias,
    "ConcatV2": _concatenation,
    "Conv2D": _convolution,
    "FusedBatchNorm": _batch_normalization,
    "MatMul": _matrix_product,
    "MaxPool": _max_pool,
    "Maximum": _maximum,
    "Mul": _product,
    "Relu": _same_kind,
    "Reshape": _flatten,
    "Rsqrt": _reciprocal_root,
    "Square": _square,
    "Sum": _sum,
}
