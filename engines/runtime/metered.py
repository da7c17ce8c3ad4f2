"""An engine that times the runtime behind it, so that one run gives a stage's time and its engines' share."""

import time
from collections.abc import Mapping

import numpy as np

from engines.gpu.base import DeviceEngine, Gpu
from engines.runtime.base import Engine, FloatArray
from engines.views.on_device import device_engine


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


class MeteredDeviceEngine(MeteredEngine):
    """The same for an engine whose input lies on a device, which is all that the device did meanwhile.

    What was enqueued before it, such as the rendering of its input, is waited for together with it and counts.

    Args:
        engine: what is timed.
        on_device: the same, as an engine whose input lies on a device.
        meter: where the time goes.
    """

    def __init__(self, engine: Engine, on_device: DeviceEngine, meter: Meter) -> None:
        super().__init__(engine, meter)
        self._on_device = on_device
        self._begun_ns = 0

    @property
    def input_address(self) -> int:
        """Where its input batch begins."""
        return self._on_device.input_address

    @property
    def input_dtype(self) -> np.dtype[np.float32] | np.dtype[np.float16]:
        """float32 or float16."""
        return self._on_device.input_dtype

    def enqueue(self, gpu: Gpu) -> None:
        """Enqueue an inference, and start the time."""
        self._begun_ns = time.perf_counter_ns()
        self._on_device.enqueue(gpu)

    def outputs(self, gpu: Gpu) -> Mapping[str, FloatArray]:
        """Wait, count the time and return the outputs."""
        outputs = self._on_device.outputs(gpu)
        self._meter.add(time.perf_counter_ns() - self._begun_ns)
        return outputs


def metered(engine: Engine, meter: Meter) -> MeteredEngine:
    """Return an engine with a meter before it, that is where the engine's input is."""
    on_device = device_engine(engine)
    return MeteredEngine(engine, meter) if on_device is None else MeteredDeviceEngine(engine, on_device, meter)
