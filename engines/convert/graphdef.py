"""Reader of frozen TensorFlow graphs, without TensorFlow.

Only the fields that a frozen inference graph uses are declared; the wire format's own rules skip the rest
(tensorflow/core/framework/{graph,node_def,attr_value,tensor,tensor_shape}.proto, whose field numbers are fixed
for good). Parsing is protobuf's; this module declares the schema, checks what was read and gives plain values.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory
from numpy.typing import NDArray

from engines.errors import IntegrityError

_PACKAGE = "edge_gate.tensorflow"
_HINT = "fetch the model again: 'edge-gate engines fetch'"
_MAX_RANK = 8

# message -> (field, number, type, is_repeated); a type that is not a scalar names a message. A map is, on the wire,
# a repeated message of key and value. Text is read as bytes, and decoded with care.
_SCHEMA: dict[str, tuple[tuple[str, int, str, bool], ...]] = {
    "Dim": (("size", 1, "int64", False),),
    "Shape": (("dim", 2, "Dim", True), ("unknown_rank", 3, "bool", False)),
    "Tensor": (
        ("dtype", 1, "int32", False),
        ("shape", 2, "Shape", False),
        ("content", 4, "bytes", False),
        ("float_val", 5, "float", True),
        ("int_val", 7, "int32", True),
    ),
    "Values": (("s", 2, "bytes", True), ("i", 3, "int64", True)),
    "Attribute": (
        ("list", 1, "Values", False),
        ("s", 2, "bytes", False),
        ("i", 3, "int64", False),
        ("f", 4, "float", False),
        ("b", 5, "bool", False),
        ("type", 6, "int32", False),
        ("tensor", 8, "Tensor", False),
    ),
    "Entry": (("key", 1, "bytes", False), ("value", 2, "Attribute", False)),
    "Node": (
        ("name", 1, "bytes", False),
        ("op", 2, "bytes", False),
        ("input", 3, "bytes", True),
        ("attr", 5, "Entry", True),
    ),
    "Graph": (("node", 1, "Node", True),),
}
# DataType of tensorflow/core/framework/types.proto: DT_FLOAT and DT_INT32.
_DTYPES: dict[int, tuple[np.dtype[Any], str]] = {
    1: (np.dtype("<f4"), "float_val"),
    3: (np.dtype("<i4"), "int_val"),
}


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One operation of a TensorFlow graph.

    Attributes:
        name: unique in its graph.
        op: kind, such as ``Conv2D``.
        inputs: names of the nodes whose first output it reads; control inputs are dropped.
        strings: attributes that are text.
        integers: attributes that are whole numbers or truth values.
        floats: attributes that are real numbers.
        lists: attributes that are lists of whole numbers.
        tensor: the value of a ``Const``.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    strings: Mapping[str, str] = field(default_factory=dict)
    integers: Mapping[str, int] = field(default_factory=dict)
    floats: Mapping[str, float] = field(default_factory=dict)
    lists: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    tensor: NDArray[Any] | None = None


def read_graph(data: bytes) -> dict[str, GraphNode]:
    """Read a serialized GraphDef.

    Args:
        data: the whole file.

    Returns:
        Its nodes by name, each after the nodes that it reads (the file itself need not be in that order).

    Raises:
        IntegrityError: the bytes are no GraphDef, or one that contradicts itself.
    """
    parsed = {name: _node(name, raw) for name, raw in _parsed(data).items()}
    return {name: parsed[name] for name in _order({name: node.inputs for name, node in parsed.items()})}


def plain_graph(data: bytes) -> bytes:
    """Return the same GraphDef for stricter readers: nodes in order, inputs by plain name, no control inputs.

    Raises:
        IntegrityError: the bytes are no GraphDef, or one that contradicts itself.
    """
    nodes = _parsed(data)
    graph = _message_class("Graph")()
    for name in _order({name: _sources(raw) for name, raw in nodes.items()}):
        node = graph.node.add()
        node.CopyFrom(nodes[name])
        node.input[:] = [source.encode() for source in _sources(nodes[name])]
    return bytes(graph.SerializeToString())


def _parsed(data: bytes) -> dict[str, Any]:
    """Return the nodes as protobuf messages by name, in the file's order."""
    graph = _message_class("Graph")()
    try:
        graph.ParseFromString(data)
    except message.DecodeError as error:
        raise IntegrityError(f"not a TensorFlow graph: {error}", hint=_HINT) from error
    if not graph.node:
        raise IntegrityError("the TensorFlow graph is empty", hint=_HINT)
    nodes = {_text(raw.name): raw for raw in graph.node}
    if "" in nodes or len(nodes) != len(graph.node):
        raise IntegrityError("the TensorFlow graph has nameless or doubled nodes", hint=_HINT)
    return nodes


def _node(name: str, raw: Any) -> GraphNode:
    strings: dict[str, str] = {}
    integers: dict[str, int] = {}
    floats: dict[str, float] = {}
    lists: dict[str, tuple[int, ...]] = {}
    tensor = None
    for entry in raw.attr:
        key, value = _text(entry.key), entry.value
        if value.HasField("tensor"):
            tensor = _tensor(name, value.tensor)
        elif value.HasField("list"):
            lists[key] = tuple(int(i) for i in value.list.i)
        elif value.HasField("s"):
            strings[key] = _text(value.s)
        elif value.HasField("f"):
            floats[key] = float(value.f)
        else:
            integers[key] = int(value.i) if value.HasField("i") else int(value.b)
    return GraphNode(name, _text(raw.op), _sources(raw), strings, integers, floats, lists, tensor)


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise IntegrityError(
            f"the TensorFlow graph holds a name that is no text: {value!r:.60}", hint=_HINT
        ) from error


def _sources(raw: Any) -> tuple[str, ...]:
    sources = []
    for name in map(_text, raw.input):
        if name.startswith("^"):  # only orders side effects
            continue
        node, _, output = name.partition(":")
        if output not in {"", "0"}:
            raise IntegrityError(f"the TensorFlow graph reads {name!r}; only first outputs are known", hint=_HINT)
        sources.append(node)
    return tuple(sources)


def _tensor(name: str, raw: Any) -> NDArray[Any]:
    shape = tuple(int(dim.size) for dim in raw.shape.dim)
    if raw.dtype not in _DTYPES or len(shape) > _MAX_RANK or any(side < 0 for side in shape):
        raise IntegrityError(f"constant {name!r} has type {raw.dtype} and shape {shape}", hint=_HINT)
    dtype, values = _DTYPES[raw.dtype]
    count = math.prod(shape)
    if raw.content:
        if len(raw.content) != count * dtype.itemsize:
            raise IntegrityError(f"constant {name!r} has {len(raw.content)} bytes for shape {shape}", hint=_HINT)
        return np.frombuffer(raw.content, dtype).reshape(shape)
    listed = np.array(getattr(raw, values), dtype)
    if listed.size == count:
        return listed.reshape(shape)
    if listed.size != 1:
        raise IntegrityError(f"constant {name!r} has {listed.size} values for shape {shape}", hint=_HINT)
    return np.broadcast_to(listed.reshape(()), shape)  # TensorFlow writes a constant fill as one value


def _order(inputs: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return all names so that each follows its inputs (depth first, without recursion)."""
    ordered: dict[str, None] = {}
    for root in inputs:
        pending, opened = [root], set()
        while pending:
            name = pending[-1]
            if name not in inputs:
                raise IntegrityError(f"the TensorFlow graph reads {name!r}, which it does not hold", hint=_HINT)
            missing = [source for source in inputs[name] if source not in ordered]
            if not missing:
                ordered[pending.pop()] = None
            elif name in opened:
                raise IntegrityError(f"the TensorFlow graph has a cycle through {name!r}", hint=_HINT)
            else:
                opened.add(name)
                pending.extend(missing)
    return tuple(ordered)


@cache
def _message_class(name: str) -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="edge_gate/tensorflow.proto", package=_PACKAGE, syntax="proto2")
    for kind, fields in _SCHEMA.items():
        declared = file.message_type.add(name=kind)
        for label, number, type_name, is_repeated in fields:
            slot = declared.field.add(name=label, number=number)
            slot.label = slot.LABEL_REPEATED if is_repeated else slot.LABEL_OPTIONAL
            if type_name in _SCHEMA:
                slot.type, slot.type_name = slot.TYPE_MESSAGE, f".{_PACKAGE}.{type_name}"
            else:
                slot.type = getattr(slot, f"TYPE_{type_name.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
