"""How far a build is, and the way to stop one: TensorRT asks after every step whether to go on."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engines.runtime.tensorrt.binding import library


@dataclass(slots=True)
class _Phase:
    name: str
    parent: str | None
    steps: int
    done: int = 0


class BuildFraction:
    """How far nested phases are, 0 to 1; a phase counts as one step of the one that it is part of. Thread-safe."""

    def __init__(self) -> None:
        self._phases: dict[str, _Phase] = {}
        self._lock = threading.Lock()
        self._most = 0.0

    def start(self, name: str, parent: str | None, steps: int) -> None:
        """Note that a phase of so many steps begins."""
        with self._lock:
            self._phases[name] = _Phase(name, parent, max(1, steps))

    def step(self, name: str, step: int) -> float:
        """Note that a step, counted from 0, is done. Return how far everything is; it never goes back."""
        with self._lock:
            phase = self._phases.get(name)
            if phase is not None:
                phase.done = min(step + 1, phase.steps)
            tops = [p for p in self._phases.values() if p.parent not in self._phases]
            self._most = max(self._most, *(self._far(p) for p in tops), 0.0)
            return self._most

    def finish(self, name: str) -> None:
        """Note that a phase is over, also one that was canceled."""
        with self._lock:
            self._phases.pop(name, None)

    def _far(self, phase: _Phase) -> float:
        inside = max((self._far(p) for p in self._phases.values() if p.parent == phase.name), default=0.0)
        return min(1.0, (phase.done + inside) / phase.steps)


def progress_monitor(advance: Callable[[float], None], is_canceled: Callable[[], bool]) -> Any:
    """Return what TensorRT tells its progress to.

    Args:
        advance: told how far the build is, 0 to 1. TensorRT calls from any thread; what it raises ends the build.
        is_canceled: whether the build shall end.

    Raises:
        RuntimeMissingError: there is no TensorRT.
    """
    trt = library()
    fraction = BuildFraction()

    class GateMonitor(trt.IProgressMonitor):  # type: ignore[misc, name-defined, unused-ignore] # a base of run time
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            fraction.start(phase_name, parent_phase, num_steps)

        def step_complete(self, phase_name: str, step: int) -> bool:
            if is_canceled():
                return False
            try:
                advance(fraction.step(phase_name, step))
            except Exception:  # noqa: BLE001 - an exception that reaches TensorRT would end the process
                return False
            return True

        def phase_finish(self, phase_name: str) -> None:
            fraction.finish(phase_name)

    return GateMonitor()
