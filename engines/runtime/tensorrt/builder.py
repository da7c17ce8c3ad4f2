"""An ONNX file to a plan. Runs in a process of its own; see :mod:`engines.runtime.tensorrt.build_process`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engines.errors import EngineError
from engines.runtime.tensorrt.binding import library
from engines.runtime.tensorrt.log import forget_errors, last_errors, logger
from engines.runtime.tensorrt.monitor import progress_monitor

_MOST_ERRORS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOrder:
    """What is to be built.

    Attributes:
        onnx: the ONNX file's bytes.
        input_shape: (batch, channels, height, width).
        output_names: outputs that the plan gives, all of the file's.
        workspace_bytes: scratch memory that a layer may use.
        optimization_level: 0 to 5.
        timings: what earlier builds measured, or nothing.
    """

    onnx: bytes
    input_shape: tuple[int, int, int, int]
    output_names: tuple[str, ...]
    workspace_bytes: int
    optimization_level: int
    timings: bytes


class BuildCanceledError(Exception):
    """The build was stopped as it was asked to."""


def build_plan(
    order: BuildOrder, advance: Callable[[float], None], is_canceled: Callable[[], bool]
) -> tuple[bytes, bytes]:
    """Build a plan on the current device.

    Args:
        order: what.
        advance: told how far the build is, 0 to 1; from any thread.
        is_canceled: asked at every step; the build ends soon after it says yes.

    Returns:
        The plan, and what was measured, for the next build.

    Raises:
        BuildCanceledError: it was canceled.
        EngineError: TensorRT refuses the file, the shape or the device.
    """
    trt = library()
    forget_errors()
    try:
        builder = trt.Builder(logger())
        typed = 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
        network = _given(builder.create_network(typed), "a network")
        parser = trt.OnnxParser(network, logger())  # owns the weights: it must live until the plan is made
    except TypeError as error:  # what the binding makes of a null pointer
        raise _refused("TensorRT finds no CUDA device to build for", "check the driver") from error
    _parse(parser, order.onnx)
    _require_outputs(network, order.output_names)
    config = _config(trt, builder, order)
    _fix_shape(builder, config, network, order.input_shape)
    config.progress_monitor = progress_monitor(advance, is_canceled)
    timing = _use_timings(config, order.timings)
    plan = builder.build_serialized_network(network, config)
    if is_canceled():
        raise BuildCanceledError
    if plan is None:
        raise _refused("TensorRT cannot build this model", "free memory on the device: stop the gate while building")
    made = bytes(plan)
    measured = _measured(config)
    del plan, timing, parser
    return made, measured


def _config(trt: Any, builder: Any, order: BuildOrder) -> Any:
    config = _given(builder.create_builder_config(), "a configuration")
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, order.workspace_bytes)
    config.clear_flag(trt.BuilderFlag.TF32)  # fp32 means fp32: TF32 has the mantissa of fp16
    config.builder_optimization_level = order.optimization_level
    config.max_aux_streams = 0  # all work goes to the one stream of the device's owner
    return config


def _parse(parser: Any, onnx: bytes) -> None:
    if parser.parse(onnx):
        return
    listed = [str(parser.get_error(i)) for i in range(min(parser.num_errors, _MOST_ERRORS))]
    raise _refused("TensorRT cannot read this ONNX file", "use another precision or runtime", listed)


def _require_outputs(network: Any, wanted: tuple[str, ...]) -> None:
    found = {network.get_output(i).name for i in range(network.num_outputs)}
    if found != set(wanted):
        raise EngineError(
            f"the ONNX file gives {', '.join(sorted(found))}, not {', '.join(sorted(wanted))}",
            hint="run 'edge-gate engines build --force'",
        )


def _fix_shape(builder: Any, config: Any, network: Any, shape: tuple[int, int, int, int]) -> None:
    """Fix the free dimensions of the one input: least, best and most are the same."""
    if network.num_inputs != 1:
        raise EngineError(f"a model has one input, this has {network.num_inputs}", hint="use another runtime")
    tensor = network.get_input(0)
    found = tuple(tensor.shape)
    fits = len(found) == len(shape) and all(f in {-1, s} for f, s in zip(found, shape, strict=True))
    if not fits:
        raise EngineError(f"the model takes {found}, not {shape}", hint="use a size and batch of the catalog")
    if -1 not in found:
        return
    profile = _given(builder.create_optimization_profile(), "an optimization profile")
    try:
        profile.set_shape(tensor.name, shape, shape, shape)
    except (ValueError, RuntimeError) as error:
        raise _refused(f"TensorRT refuses the shape {shape}", "use a size and batch of the catalog") from error
    if config.add_optimization_profile(profile) < 0:
        raise _refused(f"TensorRT refuses the shape {shape}", "use a size and batch of the catalog")


def _use_timings(config: Any, timings: bytes) -> Any:
    """Give the builder what earlier builds measured; of another device or version it starts anew.

    The cache that is returned must live until the plan is made.
    """
    timing = config.create_timing_cache(timings)
    if timing is not None and config.set_timing_cache(timing, False):  # noqa: FBT003 - the binding's signature
        return timing
    timing = config.create_timing_cache(b"")
    if timing is None or not config.set_timing_cache(timing, False):  # noqa: FBT003
        raise _refused("TensorRT takes no timing cache", "free memory on the device")
    return timing


def _measured(config: Any) -> bytes:
    timing = config.get_timing_cache()
    measured = None if timing is None else timing.serialize()
    return b"" if measured is None else bytes(measured)


def _given(made: Any, what: str) -> Any:
    if made is None:
        raise _refused(f"TensorRT cannot make {what}", "free memory on the device")
    return made


def _refused(message: str, hint: str, listed: list[str] | None = None) -> EngineError:
    return EngineError(f"{message}: {'; '.join(listed) if listed else last_errors()}", hint=hint)
