"""A plan that runs: its context and its memory. Made, used and freed in the thread that owns the device."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from engines.errors import EngineError, InferenceError, IntegrityError
from engines.gpu.base import DeviceMemory, FloatArray, Gpu, StagedArray
from engines.runtime.request import EngineRequest
from engines.runtime.tensorrt.binding import library
from engines.runtime.tensorrt.log import forget_errors, last_errors, logger
from engines.runtime.tensorrt.signature import Signature, signature_of

_FLOAT = np.dtype(np.float32)
_NOT_AT_FAULT = "free memory on the device, then try again"


class PlanSession:
    """One plan with its context, two inputs and its outputs.

    Kernels write to an input in the device's own memory; host batches have another one that both sides see. Whoever
    enqueues says which is read, and TensorRT keeps an address until it is given another.
    """

    def __init__(self, gpu: Gpu, plan: bytes, request: EngineRequest) -> None:
        """Load a plan, already proven by its hash.

        Raises:
            IntegrityError: the plan does not load here or is not what was asked for.
            EngineError: there is not enough memory.
            DeviceError: the device refuses memory.
        """
        self._request = request
        self._runtime: Any = None
        self._engine: Any = None
        self._context: Any = None
        self._memory: DeviceMemory | None = None
        self._batch: StagedArray | None = None
        self._outputs: dict[str, StagedArray] = {}
        self._bound = 0
        try:
            self._signature = self._load(plan)
            self._bind(gpu)
        except BaseException:
            self.close()
            raise

    @property
    def input_address(self) -> int:
        """Where kernels write the input."""
        return self._held_memory().address

    @property
    def batch(self) -> FloatArray:
        """Where the host writes the input."""
        held: FloatArray = self._held_batch().host
        return held

    def enqueue(self, gpu: Gpu) -> None:
        """Enqueue an inference of what kernels wrote, and the way of its outputs to the host.

        Raises:
            InferenceError: TensorRT refused.
        """
        self._run(gpu, self._held_memory().address)

    def enqueue_batch(self, gpu: Gpu) -> None:
        """Enqueue the way of ``batch`` to the device, its inference, and the way of the outputs to the host.

        Raises:
            InferenceError: TensorRT refused.
        """
        batch = self._held_batch()
        gpu.upload(batch)
        self._run(gpu, batch.address)

    def outputs(self, gpu: Gpu) -> Mapping[str, FloatArray]:
        """Wait for what was enqueued and return the outputs; the next inference reuses them.

        Raises:
            DeviceError: the device failed.
        """
        gpu.wait()
        return {name: staged.host for name, staged in self._outputs.items()}

    def close(self) -> None:
        """Free everything, what refers to something before it."""
        self._context = None
        self._engine = None
        self._runtime = None
        held = (self._memory, self._batch, *self._outputs.values())
        self._memory, self._batch, self._outputs = None, None, {}
        for each in held:
            if each is not None:
                each.free()

    def _load(self, plan: bytes) -> Signature:
        trt = library()
        forget_errors()
        try:
            self._runtime = trt.Runtime(logger())
        except TypeError as error:  # what the binding makes of a null pointer
            raise EngineError(f"TensorRT does not start: {last_errors()}", hint="check the driver") from error
        self._runtime.engine_host_code_allowed = False
        self._engine = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise IntegrityError(
                f"TensorRT refuses the plan of {self._request.model_id}: {last_errors()}",
                hint="run 'edge-gate engines build'",
            )
        signature = signature_of(self._engine, self._request)
        self._context = self._engine.create_execution_context()
        if self._context is None:
            raise self._unable("make a context")
        return signature

    def _bind(self, gpu: Gpu) -> None:
        name, shape = self._signature.input_name, self._request.input_shape
        if self._signature.is_free and not self._context.set_input_shape(name, shape):
            raise self._unable(f"take the shape {shape}")
        missing = self._context.infer_shapes()
        if missing:
            raise self._unable(f"tell the shape of {', '.join(missing)}")
        self._memory = gpu.allocate(math.prod(shape) * _FLOAT.itemsize)
        self._batch = gpu.stage(shape, _FLOAT)
        for output in self._signature.output_names:
            found = tuple(self._context.get_tensor_shape(output))
            if not found or min(found) < 1:
                raise IntegrityError(
                    f"the plan of {self._request.model_id} gives {output!r} as {found}",
                    hint="run 'edge-gate engines build'",
                )
            staged = self._outputs[output] = gpu.stage(found, _FLOAT)
            if not self._context.set_tensor_address(output, staged.address):
                raise self._unable(f"write to the memory of {output!r}")
        self._bind_input(self._batch.address)

    def _bind_input(self, address: int) -> None:
        if address != self._bound:
            if not self._context.set_tensor_address(self._signature.input_name, address):
                raise self._unable("read from the memory of its input")
            self._bound = address

    def _run(self, gpu: Gpu, address: int) -> None:
        forget_errors()
        try:
            self._bind_input(address)
        except EngineError as error:
            raise InferenceError(str(error), hint=error.hint) from error
        if not self._context.execute_async_v3(gpu.stream_handle):
            raise InferenceError(
                f"TensorRT failed on {self._request.model_id}: {last_errors()}",
                hint="restart the gate; run 'edge-gate engines verify' if it stays",
            )
        for staged in self._outputs.values():
            gpu.download(staged)

    def _held_memory(self) -> DeviceMemory:
        if self._memory is None:
            raise InferenceError(f"{self._request.model_id} is not active", hint="activate the engine first")
        return self._memory

    def _held_batch(self) -> StagedArray:
        if self._batch is None:
            raise InferenceError(f"{self._request.model_id} is not active", hint="activate the engine first")
        return self._batch

    def _unable(self, what: str) -> EngineError:
        return EngineError(
            f"TensorRT cannot {what} for {self._request.model_id}: {last_errors()}", hint=_NOT_AT_FAULT
        )
