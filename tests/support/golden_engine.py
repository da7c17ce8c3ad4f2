"""An engine that knows the golden outputs by heart, and can be made to err."""

from collections.abc import Callable, Mapping

import numpy as np

from engines.catalog import ModelSpec
from engines.golden import batch_from_pictures, embedder_pictures, expected
from engines.runtime.base import Engine, FloatArray, Precision

Fault = Callable[[FloatArray, int], FloatArray]


def no_fault(outputs: FloatArray, _: int) -> FloatArray:
    """Return the outputs as they are."""
    return outputs


class GoldenEngine(Engine):
    """Answers each golden picture with its stored output, then applies a fault.

    Attributes:
        activations: how often it was activated and not deactivated.
    """

    runtime = "fake"

    def __init__(
        self, spec: ModelSpec, *, batch: int = 1, fault: Fault = no_fault, precision: Precision = Precision.FP32
    ) -> None:
        super().__init__(model_id=spec.id, precision=precision, input_shape=spec.shape(batch=batch))
        self._fault = fault
        self._name = spec.output_names[0]
        self._known = batch_from_pictures(spec, embedder_pictures(spec.input.side))
        self._answers = expected(spec, spec.default_size)
        self._calls = 0
        self.activations = 0

    def _activate(self) -> None:
        self.activations += 1

    def _infer(self, batch: FloatArray) -> Mapping[str, FloatArray]:
        self._calls += 1
        rows = [int(np.argmin([np.abs(known - picture).sum() for known in self._known])) for picture in batch]
        return {self._name: np.asarray(self._fault(self._answers[rows].copy(), self._calls), np.float32)}

    def _deactivate(self) -> None:
        self.activations -= 1
