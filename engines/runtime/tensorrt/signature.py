"""What a plan takes and gives, held against what was asked for before it runs."""

from dataclasses import dataclass
from typing import Any

from engines.errors import IntegrityError
from engines.runtime.request import EngineRequest
from engines.runtime.tensorrt.binding import library

_REBUILD = "run 'edge-gate engines build'"


@dataclass(frozen=True, slots=True)
class Signature:
    """The tensors of a plan.

    Attributes:
        input_name: the one input.
        is_free: whether dimensions of the input are still to be set.
        output_names: all outputs.
    """

    input_name: str
    is_free: bool
    output_names: tuple[str, ...]


def signature_of(engine: Any, request: EngineRequest) -> Signature:
    """Return the tensors of a deserialized engine.

    Raises:
        IntegrityError: they are not those of the request: float32, linear, on the device, of these names and shape.
    """
    trt = library()
    names = [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]
    for name in names:
        _require_plain(trt, engine, name, request.model_id)
    inputs = [name for name in names if engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT]
    outputs = [name for name in names if engine.get_tensor_mode(name) == trt.TensorIOMode.OUTPUT]
    if len(inputs) != 1 or set(outputs) != set(request.output_names) or len(outputs) != len(request.output_names):
        raise _other(request.model_id, f"takes {inputs} and gives {outputs}")
    shape = tuple(engine.get_tensor_shape(inputs[0]))
    if shape == request.input_shape:
        return Signature(inputs[0], is_free=False, output_names=request.output_names)
    allowed = [tuple(dims) for dims in engine.get_tensor_profile_shape(inputs[0], 0)] if -1 in shape else [shape]
    if any(dims != request.input_shape for dims in allowed) or engine.num_optimization_profiles != 1:
        raise _other(request.model_id, f"takes {allowed[0]}, not {request.input_shape}")
    return Signature(inputs[0], is_free=True, output_names=request.output_names)


def _require_plain(trt: Any, engine: Any, name: str, model_id: str) -> None:
    found = (engine.get_tensor_dtype(name), engine.get_tensor_format(name), engine.get_tensor_location(name))
    wanted = (trt.DataType.FLOAT, trt.TensorFormat.LINEAR, trt.TensorLocation.DEVICE)
    if found != wanted:
        raise _other(model_id, f"has {name!r} as {', '.join(str(part) for part in found)}")


def _other(model_id: str, what: str) -> IntegrityError:
    return IntegrityError(f"the plan of {model_id} {what}", hint=_REBUILD)
