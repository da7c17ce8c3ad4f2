"""Engines on onnxruntime's CPU provider: the parity reference, and the fallback where OpenVINO does not run.

It runs the very file of a precision that TensorRT would compile, so what such a file costs is measured without a GPU.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from engines.cache import read_proven
from engines.errors import EngineError, InferenceError, RuntimeMissingError
from engines.runtime.base import Engine, FloatArray, Precision
from engines.runtime.request import EngineRequest

_NAME = "onnxruntime"
_PROVIDER = "CPUExecutionProvider"
# Names of the free dimensions that the converters write, by their place in the input.
_FREE_DIMENSIONS = {"batch": 0, "height": 2, "width": 3}


def available_precisions() -> tuple[Precision, ...]:
    """Return the precisions of files that it runs: fp32, and fp16 and int8 as a check of what other runtimes compile.

    This provider has few kernels for halves: it casts around the ones that it lacks. That is right, and slow.

    Raises:
        RuntimeMissingError: onnxruntime is not installed.
    """
    _library()
    return (Precision.FP32, Precision.FP16, Precision.INT8)


def create_engine(request: EngineRequest) -> Engine:
    """Return an engine, not yet activated."""
    return OnnxRuntimeEngine(request)


class OnnxRuntimeEngine(Engine):
    """A model run by onnxruntime with a static shape.

    Inputs and outputs are bound to fixed memory, so a run copies and allocates nothing; the shape never changes, so
    the memory arena reaches its size in the first run and keeps it.
    """

    runtime = _NAME

    def __init__(self, request: EngineRequest) -> None:
        super().__init__(model_id=request.model_id, precision=request.precision, input_shape=request.input_shape)
        self._source = request
        self._session: Any = None
        self._binding: Any = None
        self._input_name = ""
        self._bound: FloatArray | None = None
        self._outputs: dict[str, FloatArray] = {}

    def _activate(self) -> None:
        model = read_proven(self._source.model_path, self._source.model_sha256)
        failure = _failure_type()
        try:
            self._session = _library().InferenceSession(model, self._options(), providers=[_PROVIDER])
            self._input_name = self._session.get_inputs()[0].name
            self._bind_outputs()
        except failure as error:
            raise EngineError(
                f"onnxruntime cannot load {self.model_id}: {error}",
                hint="run 'edge-gate engines build', or use the openvino runtime",
            ) from error

    def _options(self) -> Any:
        options = _library().SessionOptions()
        options.intra_op_num_threads = self._source.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Threads that spin while idle would take the processor from the camera and from the other models.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if self.precision is Precision.INT8:
            # Left to itself it rewrites quantizing pairs in fp16: FaceNet's embeddings then move ten times as far.
            options.add_session_config_entry("session.disable_quant_qdq", "1")
        for name, place in _FREE_DIMENSIONS.items():
            options.add_free_dimension_override_by_name(name, self.input_shape[place])
        return options

    def _bind_outputs(self) -> None:
        """Learn the output shapes from one run and bind memory of those shapes."""
        names = list(self._source.output_names)
        values = self._session.run(names, {self._input_name: np.zeros(self.input_shape, np.float32)})
        self._outputs = {name: np.array(value) for name, value in zip(names, values, strict=True)}
        self._binding = self._session.io_binding()
        for name, value in self._outputs.items():
            self._binding.bind_output(name, "cpu", 0, np.float32, value.shape, value.ctypes.data)

    def _infer(self, batch: FloatArray) -> Mapping[str, FloatArray]:
        if batch is not self._bound:
            self._binding.bind_input(self._input_name, "cpu", 0, np.float32, batch.shape, batch.ctypes.data)
            self._bound = batch
        try:
            self._session.run_with_iobinding(self._binding)
        except _failure_type() as error:
            raise InferenceError(
                f"onnxruntime failed on {self.model_id}: {error}",
                hint="run 'edge-gate engines verify'; free memory if the machine ran out of it",
            ) from error
        return self._outputs

    def _deactivate(self) -> None:
        self._binding = None
        self._session = None
        self._outputs = {}
        self._bound = None


@cache
def _library() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise RuntimeMissingError(
            f"onnxruntime is not installed: {error}", hint="install it with pip install 'edge-gate[onnxruntime]'"
        ) from error
    return onnxruntime


@cache
def _failure_type() -> tuple[type[Exception], ...]:
    """Return what onnxruntime raises: its own exceptions share no base but Exception."""
    state = _library().capi.onnxruntime_pybind11_state
    own = (state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf, state.NotImplemented)
    return (*own, state.RuntimeException, state.EPFail, RuntimeError, ValueError)
