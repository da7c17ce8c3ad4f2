"""An engine that times the runtime behind it, so that one run gives a stage's time and its engines' share."""

import time
from collections.abc import Mapping

from engines.runtime.base import Engine, FloatArray


class Meter:
    """Adds up the raw time of all engines that share it."""

    def __init__(self) -> None:
        self._total_ns = 0

    def add(self, elapsed_ns: int) -> None:
        """Count an inference."""
        self._total_ns += elapsed_ns

    def take_ns(self) -> int:
        """Return the nanoseconds since the last call, and start over."""
        total_ns, self._total_ns = self._total_ns, 0
        return total_ns


class MeteredEngine(Engine):
    """Runs another engine and adds the time inside its runtime to a meter.

    Only the runtime's own call is timed: the checks of :meth:`Engine.infer`, made once, count as the caller's.

    Args:
        engine: what is timed; activated and freed together with this one.
        meter: where the time goes.
    """

    def __init__(self, engine: Engine, meter: Meter) -> None:
        super().__init__(model_id=engine.model_id, precision=engine.precision, input_shape=engine.input_shape)
        self.runtime = engine.runtime
        self._engine = engine
        self._meter = meter

    def _activate(self) -> None:
        self._engine.activate()

    def _infer(self, batch: FloatArray) -> Mapping[str, FloatArray]:
        start_ns = time.perf_counter_ns()
        outputs = self._engine._infer(batch)  # noqa: SLF001 - its own infer() would check everything twice
        self._meter.add(time.perf_counter_ns() - start_ns)
        return outputs

    def _deactivate(self) -> None:
        self._engine.deactivate()
