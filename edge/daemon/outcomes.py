"""From a decision to what leaves the gate: limits are saved, the outcome waits for its tick, then it is acted on."""

from collections.abc import Callable, Iterable
from typing import final

from edge.daemon.kiosk import Kiosk
from edge.daemon.standing import Standing
from edge.domain.clock import Clock
from edge.pipeline.gate import Gate
from edge.pipeline.release import ReleaseQueue
from edge.pipeline.step import Step


@final
class Outcomes:
    """Everything of one gate that leaves it. One thread, the gate's.

    Args:
        gate: what decides.
        clock: the gate's.
        standing: limits and posture.
        kiosk: what the person is shown.
        act: records, opens and tells what was released.
    """

    def __init__(
        self, gate: Gate, clock: Clock, standing: Standing, kiosk: Kiosk, act: Callable[[Step], None]
    ) -> None:
        self._gate = gate
        self._clock = clock
        self._standing = standing
        self._kiosk = kiosk
        self._act = act
        self._queue = ReleaseQueue()
        self._queue.add(standing.begin(gate))

    def take(self, step: Step) -> None:
        """Take what a frame led to.

        Raises:
            StoreError: limits could not be saved, or something not recorded; nothing was opened for it.
        """
        self._queue.add(step)
        if step.verdicts:
            self._standing.save(self._gate)

    def turn(self) -> None:
        """Follow orders, release what is due, and show what stands; called all the time.

        Raises:
            StoreError: as of ``take``.
        """
        self._queue.add(self._standing.follow(self._gate))
        self._queue.overrule(self._gate.limits.posture)
        now_ns = self._clock.monotonic_ns()
        self._release(self._queue.due(now_ns), now_ns)
        self._kiosk.follow(self._gate.evidence, now_ns)

    def close(self) -> None:
        """Release everything: the gate stops.

        Raises:
            StoreError: something could not be recorded.
        """
        self._standing.save(self._gate)
        self._release(self._queue.flush(), self._clock.monotonic_ns())

    def _release(self, steps: Iterable[Step], now_ns: int) -> None:
        for step in steps:
            self._act(step)
            for verdict in step.verdicts:
                self._kiosk.tell(verdict, now_ns)
