"""Engines on OpenVINO's CPU plugin: the default on x86-64 and Arm."""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engines.cache import read_proven
from engines.errors import EngineError, InferenceError, RuntimeMissingError
from engines.runtime.base import Engine, FloatArray, Precision
from engines.runtime.request import EngineRequest

_DEVICE = "CPU"
_HINTS = {Precision.FP32: "f32", Precision.BF16: "bf16", Precision.FP16: "f16"}
_CAPABILITIES = {Precision.FP32: "FP32", Precision.BF16: "BF16", Precision.FP16: "FP16"}
_NAME = "openvino"


def available_precisions() -> tuple[Precision, ...]:
    """Return the arithmetic that OpenVINO has instructions for on this processor.

    Raises:
        RuntimeMissingError: OpenVINO is not installed or does not start.
    """
    capabilities = set(_core().get_property(_DEVICE, "OPTIMIZATION_CAPABILITIES"))
    return tuple(precision for precision, name in _CAPABILITIES.items() if name in capabilities)


def create_engine(request: EngineRequest) -> Engine:
    """Return an engine, not yet activated."""
    return OpenVINOEngine(request)


class OpenVINOEngine(Engine):
    """A model compiled by OpenVINO for latency, with a static shape.

    Inference allocates nothing: outputs live in the request's own memory, and the input is read where the caller
    keeps it. A caller that passes the same array again pays nothing for binding it.
    """

    runtime = _NAME

    def __init__(self, request: EngineRequest) -> None:
        super().__init__(model_id=request.model_id, precision=request.precision, input_shape=request.input_shape)
        self._source = request
        self._request: Any = None
        self._bound: FloatArray | None = None
        self._outputs: dict[str, FloatArray] = {}

    def _activate(self) -> None:
        source = self._source
        model = read_proven(source.model_path, source.model_sha256)
        try:
            compiled = self._compile(model)
            self._request = compiled.create_infer_request()
            self._outputs = {name: self._request.get_tensor(name).data for name in source.output_names}
        except RuntimeError as error:
            raise EngineError(
                f"OpenVINO cannot compile {self.model_id}: {_last_line(error)}",
                hint=f"delete {source.cache_dir} and try again, or use the onnxruntime runtime",
            ) from error
        chosen = str(compiled.get_property("INFERENCE_PRECISION_HINT").to_string())
        if chosen != _HINTS[self.precision]:
            raise RuntimeMissingError(
                f"OpenVINO compiled {self.model_id} in {chosen}, not {self.precision}",
                hint="use precision fp32 on this machine",
            )

    def _compile(self, model: bytes) -> Any:
        source = self._source
        core = _core()
        network = core.read_model(model)
        network.reshape(list(source.input_shape))
        options: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": _HINTS[self.precision],
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": source.threads,
            "NUM_STREAMS": 1,
            # Every process would pin its first thread to the first core: two gates on one machine would share it.
            "ENABLE_CPU_PINNING": False,
        }
        folder = _cache_folder(source)
        if folder is not None:
            options["CACHE_DIR"] = str(folder)
        return core.compile_model(network, _DEVICE, options)

    def _infer(self, batch: FloatArray) -> Mapping[str, FloatArray]:
        if batch is not self._bound:
            self._request.set_input_tensor(_tensor_over(batch))
            self._bound = batch
        try:
            self._request.start_async()  # unlike infer(), it does not copy the outputs into a new dictionary
            self._request.wait()
        except RuntimeError as error:
            raise InferenceError(
                f"OpenVINO failed on {self.model_id}: {_last_line(error)}",
                hint="run 'edge-gate engines verify'; free memory if the machine ran out of it",
            ) from error
        return self._outputs

    def _deactivate(self) -> None:
        self._outputs = {}
        self._request = None
        self._bound = None


@cache
def _core() -> Any:
    try:
        import openvino
    except ImportError as error:
        raise RuntimeMissingError(
            f"OpenVINO is not installed: {error}", hint="install it with pip install 'edge-gate[openvino]'"
        ) from error
    try:
        return openvino.Core()
    except RuntimeError as error:
        raise RuntimeMissingError(
            f"OpenVINO does not start: {_last_line(error)}", hint="use the onnxruntime runtime on this machine"
        ) from error


def _tensor_over(batch: FloatArray) -> Any:
    import openvino

    # OpenVINO only shares memory that it could write to; it never does write to an input.
    return openvino.Tensor(batch if batch.flags.writeable else np.array(batch), shared_memory=True)


def _cache_folder(request: EngineRequest) -> Path | None:
    """Return the folder of this very model, shape and precision, or None where none can be made.

    OpenVINO adds its own version, device and options to the name of what it keeps there. A damaged file there that
    still loads is caught by the acceptance gate.
    """
    if request.cache_dir is None:
        return None
    shape = "x".join(map(str, request.input_shape))
    folder = request.cache_dir / f"{request.model_id}-{request.model_sha256[:16]}-{shape}-{request.precision}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


def _last_line(error: RuntimeError) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
