"""The rules that TensorRT sets an ONNX file, checked without TensorRT, before minutes go into building it.

They are those of its explicit quantization and its strongly typed networks, for every version from 10.3 to 11, and
what this project adds: float32 at both ends, and nothing free but the batch and a detector's size. A rule is a
function from the file's facts to breaches; each breach names the node or value that is wrong.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper

from engines.errors import EngineError

MOST_OPSET = 19
LEAST_OPSET = 13
MOST_IR_VERSION = 10
FREE_DIMENSIONS: Mapping[str, int] = {"batch": 0, "height": 2, "width": 3}
"""Names of dimensions that may be free, by their place in the input; a runtime fixes them."""
KNOWN_OPS = frozenset(
    {"Add", "AveragePool", "BatchNormalization", "Cast", "Concat", "Conv", "DequantizeLinear", "Flatten", "Gemm"}
    | {"Max", "MaxPool", "Mul", "PRelu", "QuantizeLinear", "Reciprocal", "ReduceSum", "Relu", "Reshape", "Resize"}
    | {"Sigmoid", "Sqrt", "Sub", "Transpose"}
)
"""Kinds that TensorRT has a layer for and that our models are made of; another one is to be looked at first."""

_QUANTIZING = ("QuantizeLinear", "DequantizeLinear")


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that a file breaks.

    Attributes:
        rule: its short name.
        where: name of the node, value or part of the file.
        found: what is wrong there.
    """

    rule: str
    where: str
    found: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.where} {self.found}"


def lint(model: bytes) -> tuple[Breach, ...]:
    """Return every breach of a serialized ONNX model, rule by rule; none at all for a file that may be built.

    Raises:
        EngineError: the bytes are no ONNX model.
    """
    try:
        facts = _Facts(onnx.load_model_from_string(model))
    except (DecodeError, ValueError, TypeError) as error:
        raise EngineError(f"not an ONNX model: {error}", hint="build the model again") from error
    return tuple(breach for rule in _RULES for breach in rule(facts))


def require_clean(model: bytes, *, name: str) -> None:
    """Return if a model breaks no rule.

    Args:
        model: serialized ONNX.
        name: what the message calls it.

    Raises:
        EngineError: it breaks some; the message names the first.
    """
    breaches = lint(model)
    if breaches:
        more = f" and {len(breaches) - 1} more" if len(breaches) > 1 else ""
        raise EngineError(
            f"TensorRT would refuse {name}: {breaches[0]}{more}",
            hint="report this with the model's id and the program's version",
        )


class _Facts:
    """A model with what rules ask for looked up."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.graph = model.graph
        self.constants: dict[str, NDArray[Any]] = {t.name: numpy_helper.to_array(t) for t in self.graph.initializer}
        self.makers = {name: node for node in self.graph.node for name in node.output}

    def quantizing(self) -> Iterator[tuple[onnx.NodeProto, str]]:
        """Give every quantizing node with its name."""
        for node in self.graph.node:
            if node.op_type in _QUANTIZING:
                yield node, name_of(node)

    def is_of_weights(self, node: onnx.NodeProto) -> bool:
        """Return whether a quantizing node works on a constant, itself or through the node before it."""
        source = node.input[0]
        maker = self.makers.get(source)
        if maker is not None and maker.op_type == "QuantizeLinear":
            source = maker.input[0]
        return source in self.constants

    def scale(self, node: onnx.NodeProto) -> NDArray[Any] | None:
        """Return the scale of a quantizing node, or None where it is not a constant."""
        return self.constants.get(node.input[1]) if len(node.input) > 1 else None


def name_of(node: onnx.NodeProto) -> str:
    """Return what a node is called: its name, or else its kind and what it writes."""
    return node.name or f"{node.op_type}({node.output[0] if node.output else ''})"


def _versions(facts: _Facts) -> Iterator[Breach]:
    if facts.model.ir_version > MOST_IR_VERSION:
        yield Breach("ir-version", "the file", f"has {facts.model.ir_version}, at most {MOST_IR_VERSION}")
    for entry in facts.model.opset_import:
        if entry.domain not in {"", "ai.onnx"}:
            yield Breach("opset-imports", entry.domain, "is imported; only the default domain may be")
        elif not LEAST_OPSET <= entry.version <= MOST_OPSET:
            yield Breach("opset", "the file", f"has {entry.version}, from {LEAST_OPSET} to {MOST_OPSET}")


def _known_ops(facts: _Facts) -> Iterator[Breach]:
    for node in facts.graph.node:
        if node.domain not in {"", "ai.onnx"} or node.op_type not in KNOWN_OPS:
            yield Breach("known-ops", name_of(node), f"is a {node.domain or 'default'} {node.op_type}")


def _ends(facts: _Facts) -> Iterator[Breach]:
    for value in (*facts.graph.input, *facts.graph.output):
        kind = value.type.tensor_type.elem_type
        if kind != TensorProto.FLOAT:
            yield Breach("float32-ends", value.name, f"is {TensorProto.DataType.Name(kind)}")


def _free_dimensions(facts: _Facts) -> Iterator[Breach]:
    for value in facts.graph.input:
        for place, dim in enumerate(value.type.tensor_type.shape.dim):
            is_fixed = dim.HasField("dim_value") and dim.dim_value > 0
            if not is_fixed and FREE_DIMENSIONS.get(dim.dim_param) != place:
                yield Breach("free-dimensions", value.name, f"is free in place {place}: {dim.dim_param or '?'}")


def _scales(facts: _Facts) -> Iterator[Breach]:
    for node, name in facts.quantizing():
        scale = facts.scale(node)
        if scale is None:
            yield Breach("constant-scale", name, "has a scale that is not a constant")
        elif not (np.isfinite(scale.astype(np.float64)).all() and (scale > 0).all()):
            yield Breach("positive-scale", name, "has a scale that is not finite and positive")


def _zero_points(facts: _Facts) -> Iterator[Breach]:
    for node, name in facts.quantizing():
        given = node.input[2] if len(node.input) > 2 else ""
        zero = facts.constants.get(given)
        if given and zero is None:
            yield Breach("zero-point", name, "has a zero point that is not a constant")
        elif zero is None:
            yield Breach("zero-point", name, "has no zero point, which makes it uint8")
        elif zero.dtype != np.int8:
            yield Breach("int8", name, f"quantizes to {zero.dtype}, not int8")
        elif zero.any():
            yield Breach("zero-point", name, f"has a zero point of {int(np.abs(zero.astype(np.int64)).max())}, not 0")


def _granularity(facts: _Facts) -> Iterator[Breach]:
    for node, name in facts.quantizing():
        scale = facts.scale(node)
        if scale is None or scale.ndim == 0:
            continue
        axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 1)
        if not facts.is_of_weights(node):
            yield Breach("per-tensor", name, f"has {scale.size} scales for an activation")
        elif axis != 0:
            yield Breach("axis", name, f"has weight scales along axis {axis}, not 0")


def _scale_types(facts: _Facts) -> Iterator[Breach]:
    try:
        kinds = _kinds(facts)
    except onnx.shape_inference.InferenceError as error:
        yield Breach("types", "the file", f"has types that contradict each other: {error}")
        return
    for node, name in facts.quantizing():
        scale = facts.scale(node)
        read = kinds.get(node.input[0])
        if scale is not None and node.op_type == "QuantizeLinear" and read not in {None, scale.dtype}:
            yield Breach("scale-type", name, f"has a {scale.dtype} scale for {read}")


def _kinds(facts: _Facts) -> dict[str, np.dtype[Any]]:
    """Return the type of every value whose type the standard's inference finds."""
    inferred = onnx.shape_inference.infer_shapes(facts.model).graph
    kinds = {
        value.name: onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        for value in (*inferred.value_info, *inferred.input, *inferred.output)
        if value.type.tensor_type.elem_type
    }
    return {**kinds, **{name: value.dtype for name, value in facts.constants.items()}}


def _pairs(facts: _Facts) -> Iterator[Breach]:
    """Every quantized value goes straight back: what reads it is a DequantizeLinear, with the same scale."""
    for node in facts.graph.node:
        for source in node.input:
            maker = facts.makers.get(source)
            if maker is None or maker.op_type != "QuantizeLinear":
                continue
            if node.op_type != "DequantizeLinear":
                yield Breach("pairs", name_of(node), f"reads the integers of {name_of(maker)}")
            elif list(node.input[1:]) != list(maker.input[1:]):
                yield Breach("pairs", name_of(node), f"has another scale than {name_of(maker)}")


_RULES: tuple[Callable[[_Facts], Iterator[Breach]], ...] = (
    _versions,
    _known_ops,
    _ends,
    _free_dimensions,
    _scales,
    _zero_points,
    _granularity,
    _scale_types,
    _pairs,
)
