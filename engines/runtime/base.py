"""The role of a compiled model. One life cycle for every runtime: activate, infer, deactivate."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from types import TracebackType
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from engines.errors import InferenceError
from engines.progress import Progress

FloatArray = NDArray[np.float32]


class Precision(StrEnum):
    """Arithmetic of a compiled engine."""

    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"
    INT8 = "int8"


class Engine(ABC):
    """A model compiled for one runtime, precision and fixed input shape. Not thread-safe.

    Subclasses override ``_activate``, ``_infer`` and ``_deactivate``; those that are compiled ahead ``compile`` and
    ``discard``, too.

    Attributes:
        model_id: catalog id.
        runtime: name of the runtime.
        precision: arithmetic.
        input_shape: (batch, channels, height, width) of its one float32 input.
        is_compiled_ahead: whether ``compile`` must have been called before it can be activated, now or in the past.
    """

    runtime: str
    is_compiled_ahead: bool = False

    def __init__(self, *, model_id: str, precision: Precision, input_shape: tuple[int, int, int, int]) -> None:
        self.model_id = model_id
        self.precision = precision
        self.input_shape = input_shape
        self._is_active = False

    @final
    def activate(self) -> None:
        """Load the compiled model; does nothing when already active.

        Raises:
            EngineError: the model cannot be loaded.
        """
        if not self._is_active:
            self._activate()
            self._is_active = True

    @final
    def deactivate(self) -> None:
        """Free the compiled model; does nothing when not active."""
        if self._is_active:
            self._is_active = False
            self._deactivate()

    @final
    def infer(self, batch: FloatArray) -> Mapping[str, FloatArray]:
        """Run the model once.

        Args:
            batch: float32, C-contiguous, exactly ``input_shape``.

        Returns:
            Outputs by name. The arrays may be reused by the next call: copy what must outlive it.

        Raises:
            InferenceError: not active, wrong input, a runtime failure, or an output that is not finite.
        """
        if not self._is_active:
            raise InferenceError(f"{self.model_id} is not active", hint="activate the engine before inferring")
        if batch.shape != self.input_shape or batch.dtype != np.float32 or not batch.flags.c_contiguous:
            raise InferenceError(
                f"{self.model_id} takes contiguous float32 {self.input_shape}, got {batch.dtype} {batch.shape}",
                hint="render the batch with the model's own input spec",
            )
        outputs = self._infer(batch)
        self.require_finite(outputs)
        return outputs

    @final
    def require_finite(self, outputs: Mapping[str, FloatArray]) -> None:
        """Return if every number of the outputs is finite.

        Raises:
            InferenceError: one is not.
        """
        for name, value in outputs.items():
            if not np.isfinite(value).all():
                raise InferenceError(
                    f"{self.model_id} on {self.runtime} gave a number in {name!r} that is not finite",
                    hint="run 'edge-gate engines verify'; rebuild the engine if it fails",
                )

    @property
    def device(self) -> str:
        """Name of what it runs on."""
        return "CPU"

    def compile(self, progress: Progress, *, is_forced: bool = False) -> None:
        """Compile ahead of the first activation; does nothing where activating compiles.

        Args:
            progress: shown while it lasts.
            is_forced: compile again what was compiled before.

        Raises:
            EngineError: it cannot be compiled or kept.
        """
        del progress, is_forced

    def discard(self) -> None:  # noqa: B027 - most runtimes keep nothing that would have to be deleted
        """Delete what ``compile`` made, after it failed its proof; does nothing where activating compiles.

        Raises:
            EngineError: it cannot be deleted.
        """

    def __enter__(self) -> Self:
        self.activate()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.deactivate()

    @abstractmethod
    def _activate(self) -> None: ...

    @abstractmethod
    def _infer(self, batch: FloatArray) -> Mapping[str, FloatArray]: ...

    @abstractmethod
    def _deactivate(self) -> None: ...
