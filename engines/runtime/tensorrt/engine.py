"""Engines on TensorRT: host batches like any other runtime's, and batches that a kernel writes on the device."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engines.errors import DeviceError, EngineError, InferenceError, IntegrityError, RuntimeMissingError
from engines.gpu.base import FloatArray, Gpu, GpuOwner
from engines.progress import Progress
from engines.runtime.base import Engine, Precision
from engines.runtime.request import EngineRequest
from engines.runtime.tensorrt.binding import library
from engines.runtime.tensorrt.build_process import BuildJob, run_build
from engines.runtime.tensorrt.plan_key import PlanKey, key_of
from engines.runtime.tensorrt.plan_store import PlanStore
from engines.runtime.tensorrt.session import PlanSession

_PRECISIONS = ("fp32", "fp16", "int8")
"""What an ONNX file may compute in: plans are strongly typed, so the file decides and no flag of the builder."""


def available_precisions() -> tuple[Precision, ...]:
    """Return what ONNX files may compute in.

    Raises:
        RuntimeMissingError: TensorRT or a CUDA device is missing, or the version is not supported.
    """
    library()
    process_owner()
    return tuple(precision for precision in Precision if precision.value in _PRECISIONS)


def create_engine(request: EngineRequest) -> Engine:
    """Return an engine, not yet activated.

    Raises:
        RuntimeMissingError: TensorRT or a CUDA device is missing.
    """
    library()
    return TensorRTEngine(request, process_owner())


def process_owner() -> GpuOwner:
    """Return the process's owner of the device.

    Raises:
        RuntimeMissingError: there is no device, or it does not start.
    """
    from engines.gpu import owner

    try:
        return owner.gpu_owner()
    except DeviceError as error:
        raise RuntimeMissingError(f"the CUDA device does not start: {error}", hint=error.hint) from error


class TensorRTEngine(Engine):
    """A plan, run in the thread that owns the device. One enqueue a batch.

    Activating loads a plan that was built before and never builds one. Also a
    :class:`engines.gpu.base.DeviceEngine`.

    Args:
        request: the model; its ONNX file is in the precision that it names.
        owner: the thread that owns the device.
    """

    runtime = "tensorrt"
    is_compiled_ahead = True

    def __init__(self, request: EngineRequest, owner: GpuOwner) -> None:
        super().__init__(model_id=request.model_id, precision=request.precision, input_shape=request.input_shape)
        if request.cache_dir is None:
            raise EngineError("TensorRT needs a folder for its plans", hint="name a model folder")
        self._request = request
        self._owner = owner
        self._store = PlanStore(request.cache_dir)
        self._session: PlanSession | None = None

    @property
    def device(self) -> str:
        """Name of the device."""
        return self._owner.do(lambda gpu: gpu.facts.name)

    def compile(self, progress: Progress, *, is_forced: bool = False) -> None:
        """Build the plan in a process of its own, unless it is there and unharmed.

        Two processes that want the same plan build it once: the second waits and finds it.

        Raises:
            EngineError: it cannot be built or kept.
            IntegrityError: the ONNX file is another, or others may write to the folder of plans.
        """
        key = self._key()
        with self._store.building(key) as part:
            if is_forced or not self._is_there(key):
                build_s = run_build(self._job(key, str(part)), f"build {key}", progress)
                self._store.keep(key, part, build_s=build_s)

    def discard(self) -> None:
        """Delete the plan: it did not keep what it owes. Only a build brings it back."""
        self._store.discard(self._key())

    @property
    def input_address(self) -> int:
        """Where kernels write the input batch."""
        return self._active().input_address

    @property
    def input_dtype(self) -> np.dtype[Any]:
        """Always float32: the ONNX files take that in every precision."""
        return np.dtype(np.float32)

    def enqueue(self, gpu: Gpu) -> None:
        """Enqueue an inference of what kernels wrote. In the owner's thread.

        Raises:
            InferenceError: not active, or TensorRT refused.
        """
        self._active().enqueue(gpu)

    def outputs(self, gpu: Gpu) -> Mapping[str, FloatArray]:
        """Wait for what was enqueued and return the outputs; the next inference reuses them. In the owner's thread.

        Raises:
            DeviceError: the device failed.
            InferenceError: not active, or a number is not finite.
        """
        outputs = self._active().outputs(gpu)
        self.require_finite(outputs)
        return outputs

    def _activate(self) -> None:
        key = self._key()
        plan = self._store.read(key)
        try:
            self._session = self._owner.do(lambda gpu: PlanSession(gpu, plan, self._request))
        except IntegrityError:
            self._store.discard(key)
            raise

    def _infer(self, batch: FloatArray) -> Mapping[str, FloatArray]:
        session = self._active()

        def work(gpu: Gpu) -> Mapping[str, FloatArray]:
            np.copyto(session.batch, batch)
            session.enqueue_batch(gpu)
            return session.outputs(gpu)

        return self._owner.do(work)

    def _deactivate(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            try:
                self._owner.do(lambda _: session.close())
            except DeviceError:  # the device is lost, and its memory with it
                return

    def _active(self) -> PlanSession:
        if self._session is None:
            raise InferenceError(f"{self.model_id} is not active", hint="activate the engine before inferring")
        return self._session

    def _key(self) -> PlanKey:
        facts = self._owner.do(lambda gpu: gpu.facts)
        return key_of(self._request, tensorrt_version=str(library().__version__), gpu=facts)

    def _is_there(self, key: PlanKey) -> bool:
        try:
            self._store.read(key)
        except EngineError:
            return False
        return True

    def _job(self, key: PlanKey, plan_path: str) -> BuildJob:
        return BuildJob(
            model_path=str(self._request.model_path),
            model_sha256=self._request.model_sha256,
            input_shape=self._request.input_shape,
            output_names=self._request.output_names,
            workspace_bytes=key.recipe.workspace_bytes,
            optimization_level=key.recipe.optimization_level,
            plan_path=plan_path,
            timing_path=str(self._store.timing_path(key)),
        )
