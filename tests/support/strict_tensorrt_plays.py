"""What the members of the strict fake of TensorRT do, one class each; the fake gives them names and arguments.

A ``play_NAME`` is what a method does, a ``read_NAME`` what a property gives.
"""

import json
import os
import threading
import time
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from tests.support.host_gpu import ALIGNMENT, STREAMS

_MAGIC = b"strict plan "
_TIMING = b"strict timing "
_STEPS = 4


class _Play:
    trt: Any


class ILogger(_Play):
    def play_log(self, severity: Any, msg: str) -> None:
        raise NotImplementedError("a subclass of ILogger must override log")


class IProgressMonitor(_Play):
    pass


class Dims(_Play):
    def play_init(self, shape: Any = ()) -> None:
        self._shape = tuple(shape)

    def __iter__(self) -> Any:
        return iter(self._shape)

    def __len__(self) -> int:
        return len(self._shape)


class IHostMemory(_Play):
    _data = b""

    def __bytes__(self) -> bytes:
        return self._data

    def read_nbytes(self) -> int:
        return len(self._data)


def _made(trt: Any, kind: str, /, **fields: Any) -> Any:
    """Return an object of a class that callers cannot construct."""
    made = object.__new__(getattr(trt, kind))
    for field, value in fields.items():
        object.__setattr__(made, f"_{field}", value)
    return made


def _say(logger: Any, way: str, text: str) -> None:
    logger.log(getattr(type(logger).Severity, way), text)


class Builder(_Play):
    def play_init(self, logger: Any) -> None:
        if not isinstance(logger, self.trt.ILogger):
            raise TypeError("logger is no ILogger")
        self._logger = logger

    def play_create_network(self, flags: int = 0) -> Any:
        if type(flags) is not int:
            raise TypeError("flags are an int")
        typed = bool(flags & (1 << int(self.trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)))
        return _made(self.trt, "INetworkDefinition", typed=typed, tensors=([], []), onnx=b"")

    def play_create_builder_config(self) -> Any:
        return _made(self.trt, "IBuilderConfig", profiles=[], flags={self.trt.BuilderFlag.TF32}, pools={}, cache=None)

    def play_create_optimization_profile(self) -> Any:
        return _made(self.trt, "IOptimizationProfile", shapes={})

    def play_build_serialized_network(self, network: Any, config: Any) -> Any:
        for fits, text in (
            (network._typed, "the network is not strongly typed"),
            (network._onnx, "the network is empty"),
            (self.trt.BuilderFlag.TF32 not in config._flags, "TF32 is on"),
            (vars(config).get("_max_aux_streams") == 0, "auxiliary streams are allowed"),
            (config._pools.get(self.trt.MemoryPoolType.WORKSPACE), "no workspace was set"),
            (config._cache is not None, "no timing cache was set"),
        ):
            if not fits:
                _say(self._logger, "ERROR", text)
                return None
        shape = _build_shape(network, config)
        if shape is None:
            _say(self._logger, "ERROR", "a free dimension without an optimization profile")
            return None
        if not _report(vars(config).get("_progress_monitor")):
            _say(self._logger, "ERROR", "canceled by the progress monitor")
            return None
        _say(self._logger, "WARNING", "a plan of the strict fake")
        self.trt.events.append("built")
        config._cache._data = _TIMING + self.trt.__version__.encode()
        header = {"version": self.trt.__version__, "shape": shape, "free": bool(config._profiles)}
        data = _MAGIC + json.dumps(header).encode() + b"\n" + network._onnx
        return _made(self.trt, "IHostMemory", data=data)


def _build_shape(network: Any, config: Any) -> list[int] | None:
    (tensor,) = network._tensors[0]
    if -1 not in tensor._dims:
        return list(tensor._dims)
    if len(config._profiles) != 1 or tensor._name not in config._profiles[0]._shapes:
        return None
    least, best, most = config._profiles[0]._shapes[tensor._name]
    return list(best) if least == best == most else None


def _report(monitor: Any) -> bool:
    """Tell the phases of a build, nested and from another thread, as TensorRT does. Return whether to go on."""
    if monitor is None:
        return True
    goes_on = True
    pause_s = float(os.environ.get("STRICT_TENSORRT_STEP_S", "0"))

    def work() -> None:
        nonlocal goes_on
        monitor.phase_start("Building Engine", None, _STEPS)
        for step in range(_STEPS):
            monitor.phase_start("Tactics", "Building Engine", 2)
            for inner in range(2):
                time.sleep(pause_s)
                goes_on = goes_on and bool(monitor.step_complete("Tactics", inner))
            monitor.phase_finish("Tactics")
            goes_on = goes_on and bool(monitor.step_complete("Building Engine", step))
            if not goes_on:
                break
        monitor.phase_finish("Building Engine")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return goes_on


class INetworkDefinition(_Play):
    def read_num_inputs(self: Any) -> int:
        return len(self._tensors[0])

    def read_num_outputs(self: Any) -> int:
        return len(self._tensors[1])

    def play_get_input(self: Any, index: int) -> Any:
        return self._tensors[0][index]

    def play_get_output(self: Any, index: int) -> Any:
        return self._tensors[1][index]


class ITensor(_Play):
    def read_shape(self: Any) -> Any:
        return self.trt.Dims(list(self._dims))


class IOptimizationProfile(_Play):
    def play_set_shape(self: Any, name: str, least: Any, best: Any, most: Any) -> None:
        if not (len(least) == len(best) == len(most)) or any(d < 1 for d in least):
            raise ValueError("the shapes do not fit one another")
        self._shapes[name] = (tuple(least), tuple(best), tuple(most))


class IBuilderConfig(_Play):
    def play_set_memory_pool_limit(self: Any, pool: Any, pool_size: int) -> None:
        if type(pool_size) is not int:
            raise TypeError("a pool's size is an int")
        self._pools[pool] = pool_size

    def play_clear_flag(self: Any, flag: Any) -> None:
        self._flags.discard(flag)

    def play_create_timing_cache(self: Any, serialized_timing_cache: bytes) -> Any:
        if serialized_timing_cache and not serialized_timing_cache.startswith(_TIMING):
            return None
        return _made(self.trt, "ITimingCache", data=serialized_timing_cache)

    def play_set_timing_cache(self: Any, cache: Any, ignore_mismatch: bool) -> bool:
        if cache._data not in {b"", _TIMING + self.trt.__version__.encode()} and not ignore_mismatch:
            return False
        self._cache = cache
        self.trt.events.append("timings reused" if cache._data else "timings anew")
        return True

    def play_get_timing_cache(self: Any) -> Any:
        return self._cache

    def play_add_optimization_profile(self: Any, profile: Any) -> int:
        self._profiles.append(profile)
        return len(self._profiles) - 1


class ITimingCache(_Play):
    def play_serialize(self: Any) -> Any:
        return _made(self.trt, "IHostMemory", data=self._data)


class ParserError(_Play):
    def __str__(self: Any) -> str:
        return str(self._text)


class OnnxParser(_Play):
    def play_init(self: Any, network: Any, logger: Any) -> None:
        self._network, self._logger = network, logger
        self._errors: list[Any] = []

    def play_parse(self: Any, model: bytes, path: str | None = None) -> bool:
        try:
            graph = onnx.load_model_from_string(model).graph
            session = _session(model)
        except Exception as error:  # noqa: BLE001 - protobuf and onnxruntime share no base
            self._errors.append(_made(self.trt, "ParserError", text=f"In node -1: {error}"))
            return False
        weights = {tensor.name for tensor in graph.initializer}
        inputs = [_tensor(self.trt, value) for value in graph.input if value.name not in weights]
        self._network._tensors = (inputs, [_tensor(self.trt, value) for value in graph.output])
        self._network._onnx = model
        del session
        return True

    def read_num_errors(self: Any) -> int:
        return len(self._errors)

    def play_get_error(self: Any, index: int) -> Any:
        return self._errors[index]


def _tensor(trt: Any, value: Any) -> Any:
    dims = tuple(d.dim_value if d.HasField("dim_value") else -1 for d in value.type.tensor_type.shape.dim)
    return _made(trt, "ITensor", name=value.name, dims=dims)


def _session(model: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class Runtime(_Play):
    def play_init(self: Any, logger: Any) -> None:
        if not isinstance(logger, self.trt.ILogger):
            raise TypeError("logger is no ILogger")
        self._logger = logger

    def __del__(self) -> None:
        self.trt.events.append("free runtime")

    def play_deserialize_cuda_engine(self: Any, serialized_engine: bytes) -> Any:
        head, _, model = serialized_engine.partition(b"\n")
        if not head.startswith(_MAGIC) or json.loads(head[len(_MAGIC) :])["version"] != self.trt.__version__:
            _say(self._logger, "ERROR", "the plan is of another version")
            return None
        header = json.loads(head[len(_MAGIC) :])
        graph = onnx.load_model_from_string(model).graph
        shape = tuple(header["shape"])
        session = _session(model)
        name = session.get_inputs()[0].name
        values = session.run(None, {name: np.zeros(shape, np.float32)})
        outputs = {node.name: value.shape for node, value in zip(session.get_outputs(), values, strict=True)}
        weights = {tensor.name for tensor in graph.initializer}
        tensors = [_tensor(self.trt, value) for value in (*graph.input, *graph.output) if value.name not in weights]
        return _made(
            self.trt,
            "ICudaEngine",
            logger=self._logger,
            runtime=self,
            session=session,
            input=name,
            best=shape,
            results=outputs,
            free=header["free"],
            tensors={tensor._name: tensor for tensor in tensors},
        )


class ICudaEngine(_Play):
    def __del__(self) -> None:
        self.trt.events.append("free engine")

    def read_num_io_tensors(self: Any) -> int:
        return len(self._tensors)

    def read_num_optimization_profiles(self: Any) -> int:
        return 1

    def play_get_tensor_name(self: Any, index: int) -> str:
        return str(list(self._tensors)[index])

    def play_get_tensor_mode(self: Any, name: str) -> Any:
        return self.trt.TensorIOMode.INPUT if name == self._input else self.trt.TensorIOMode.OUTPUT

    def play_get_tensor_dtype(self: Any, name: str) -> Any:
        return self.trt.DataType.FLOAT

    def play_get_tensor_format(self: Any, name: str) -> Any:
        return self.trt.TensorFormat.LINEAR

    def play_get_tensor_location(self: Any, name: str) -> Any:
        return self.trt.TensorLocation.DEVICE

    def play_get_tensor_shape(self: Any, name: str) -> Any:
        return self._tensors[name].shape

    def play_get_tensor_profile_shape(self: Any, name: str, profile_index: int) -> Any:
        if name != self._input or profile_index != 0:
            raise ValueError("only inputs have shapes of a profile")
        return [self.trt.Dims(list(self._best))] * 3

    def play_create_execution_context(self: Any, strategy: Any = None) -> Any:
        return _made(
            self.trt, "IExecutionContext", engine_of=self, addresses={}, shape=None if self._free else self._best
        )


class IExecutionContext(_Play):
    def __del__(self) -> None:
        self.trt.events.append("free context")

    def play_set_input_shape(self: Any, name: str, shape: Any) -> bool:
        if name != self._engine_of._input or tuple(shape) != self._engine_of._best:
            return False
        self._shape = tuple(shape)
        return True

    def play_infer_shapes(self: Any) -> list[str]:
        return [] if self._shape else [self._engine_of._input]

    def play_get_tensor_shape(self: Any, name: str) -> Any:
        engine = self._engine_of
        shape = engine._best if name == engine._input else engine._results[name]
        return self.trt.Dims(list(shape if self._shape else [-1] * len(shape)))

    def play_set_tensor_address(self: Any, name: str, memory: int) -> bool:
        if type(memory) is not int or name not in self._engine_of._tensors:
            raise TypeError("an address is an int, a tensor has a name of the engine")
        self._addresses[name] = memory
        return memory % ALIGNMENT == 0

    def play_execute_async_v3(self: Any, stream_handle: int) -> bool:
        engine, gpu = self._engine_of, STREAMS.get(stream_handle)
        if gpu is None or self._shape is None or set(self._addresses) != set(engine._tensors):
            _say(engine._logger, "ERROR", "an unknown stream, a free shape, or a tensor without an address")
            return False
        addresses = dict(self._addresses)
        gpu.enqueue("execute", lambda: _execute(engine, gpu, addresses))
        return True


def _execute(engine: Any, gpu: Any, addresses: dict[str, int]) -> None:
    def array(name: str, shape: Any) -> NDArray[np.float32]:
        view: NDArray[np.uint8] = gpu.at(addresses[name], int(np.prod(shape)) * 4)
        return view.view(np.float32).reshape(shape)

    names = list(engine._results)
    values = engine._session.run(names, {engine._input: array(engine._input, engine._best)})
    for name, value in zip(names, values, strict=True):
        np.copyto(array(name, value.shape), value)
