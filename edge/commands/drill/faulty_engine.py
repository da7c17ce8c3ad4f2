"""Engines that err on demand, around the real ones."""

import threading
from collections.abc import Mapping
from enum import Enum, auto

import numpy as np

from engines.runtime.base import Engine, FloatArray

_LONGEST_HANG_S = 60.0


class EngineFault(Enum):
    """What is wrong with the engines."""

    NONE = auto()
    NAN = auto()
    STUCK = auto()
    SLOW = auto()
    HANGS = auto()


class EngineSwitch:
    """Sets what is wrong with every engine that shares it. Any thread.

    Args:
        slow_s: how much longer a slow engine takes for each batch, seconds.
    """

    def __init__(self, slow_s: float) -> None:
        self.fault = EngineFault.NONE
        self._slow_s = slow_s
        self._let_go = threading.Event()

    def set(self, fault: EngineFault) -> None:
        """Begin a fault, or end it; who hangs is let go."""
        self._let_go.set()
        self._let_go = threading.Event()
        self.fault = fault

    def wait(self) -> None:
        """Take as long as the fault asks."""
        if self.fault is EngineFault.SLOW:
            self._let_go.wait(self._slow_s)
        elif self.fault is EngineFault.HANGS:
            self._let_go.wait(_LONGEST_HANG_S)


class FaultyEngine(Engine):
    """A real engine, with the switch's fault. A stuck one repeats the last good answer for every picture.

    Args:
        inner: the engine, active; it is not this one's to free.
        switch: what is wrong.
    """

    def __init__(self, inner: Engine, switch: EngineSwitch) -> None:
        super().__init__(model_id=inner.model_id, precision=inner.precision, input_shape=inner.input_shape)
        self.runtime = inner.runtime
        self._inner = inner
        self._switch = switch
        self._last: Mapping[str, FloatArray] | None = None

    def _activate(self) -> None:
        self._inner.activate()

    def _infer(self, batch: FloatArray) -> Mapping[str, FloatArray]:
        self._switch.wait()
        fault = self._switch.fault
        if fault is EngineFault.STUCK and self._last is not None:
            return self._last
        answers = self._inner.infer(batch)
        if fault is EngineFault.NAN:
            return {name: np.full_like(value, np.nan) for name, value in answers.items()}
        self._last = {name: np.repeat(value[:1], len(value), axis=0) for name, value in answers.items()}
        return answers

    def _deactivate(self) -> None:
        """Leave the engine to who made it."""
