"""From a model's fp32 ONNX file to its file of another precision: the same bytes on every machine."""

from collections.abc import Iterable
from dataclasses import dataclass

from engines.catalog import ModelSpec
from engines.convert.half import Rounding, half
from engines.convert.network import OPSET, network_from_onnx, onnx_from_network
from engines.convert.quantized import OPSET as QUANTIZED_OPSET
from engines.convert.quantized import quantized
from engines.errors import EngineError
from engines.ranges import ActivationRanges, ranges_of
from engines.runtime.base import Precision


@dataclass(frozen=True, slots=True)
class Derived:
    """A file of another precision.

    Attributes:
        data: serialized ONNX.
        rounding: what rounding weights to halves did.
    """

    data: bytes
    rounding: Rounding


def derive(spec: ModelSpec, model: bytes, precision: Precision) -> Derived:
    """Return a model's file of a precision that the catalog pins one of.

    Args:
        spec: the model.
        model: its fp32 ONNX file, proven.
        precision: fp16; or int8, whose layers that are not quantized are fp16.

    Raises:
        EngineError: no file is made in that precision, or the model cannot be had in it.
        IntegrityError: the ranges for int8 are not those that the catalog pins.
    """
    if precision is Precision.FP16:
        return as_half(model, name=spec.id, single=spec.derived_file(precision).single)
    if precision is Precision.INT8:
        return as_int8(model, ranges_of(spec), name=spec.id)
    raise EngineError(f"no file is made in {precision}", hint="use fp16 or int8")


def as_half(model: bytes, *, name: str, single: Iterable[str] = ()) -> Derived:
    """Return an fp32 model as fp16, but for values that are to stay float32.

    Raises:
        EngineError: a weight is larger than a half holds.
        IntegrityError: the bytes are no ONNX model.
    """
    network, rounding = half(network_from_onnx(model), single=single)
    return Derived(onnx_from_network(network, name=name, opset=OPSET), rounding)


def int8_in_single(model: bytes, table: ActivationRanges, *, name: str) -> bytes:
    """Return an fp32 model as int8 where a table has ranges, fp32 elsewhere: the same weights, quicker on a CPU.

    It is for judging ranges; what serves is :func:`as_int8`. Raises as that does.
    """
    return onnx_from_network(quantized(network_from_onnx(model), table.ranges), name=name, opset=QUANTIZED_OPSET)


def as_int8(model: bytes, table: ActivationRanges, *, name: str) -> Derived:
    """Return an fp32 model as int8 where a table has ranges, fp16 elsewhere.

    Raises:
        EngineError: the table does not fit the model, or a weight is larger than a half holds.
        IntegrityError: the bytes are no ONNX model.
    """
    network, rounding = half(quantized(network_from_onnx(model), table.ranges))
    return Derived(onnx_from_network(network, name=name, opset=QUANTIZED_OPSET), rounding)
