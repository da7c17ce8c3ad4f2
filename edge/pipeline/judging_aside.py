"""Judges a live camera's face on a thread of its own, within a deadline, and looks after the engines in between.

An engine that hangs cannot be interrupted. What can be done is done: whoever it was asked about is denied at the
deadline, its late answer is thrown away, and nobody is judged until it came back and its engines proved themselves.
"""

import math
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.domain.clock import Clock, SystemClock
from edge.domain.errors import EdgeError, RecognitionError
from edge.domain.face import Face
from edge.domain.frame import Frame
from edge.pipeline.judging import Assesses, Judgment, judged
from edge.policy.decide import AttemptEvidence

_PROBE_AGAIN_NS = 250_000_000  # after a fault: often enough to recover within a second, and not all the time


class Probes(Protocol):
    """Looks after the engines; :class:`edge.pipeline.golden_probe.GoldenProbe`."""

    def probe(self, *, everything: bool) -> None:
        """Return if the next engine in turn, or every one, is well. Raises RecognitionError."""
        ...


@dataclass(slots=True)
class _Task:
    """What the thread was given.

    Attributes:
        future: its end; of a probe None, or what was wrong.
        begun_ns: when it was handed over, monotonic.
        overdue: what becomes of the face if it is late; None for a probe.
        is_late: it missed its deadline, and that was told.
    """

    future: Future[Judgment | EdgeError | None]
    begun_ns: int
    overdue: Judgment | None
    is_late: bool = False


class Aside:
    """Judges on one thread of its own; judge and probe are used on no other. The thread ends with this object.

    Args:
        judge: collects the evidence.
        clock: for the deadline.
        answer_within_ms: a judgment or probe that takes longer is a fault.
        probe: looks after the engines; None = an engine is believed again as soon as it answers.
        probe_every_s: how often, while nobody is there.
    """

    def __init__(
        self,
        judge: Assesses,
        *,
        clock: Clock | None = None,
        answer_within_ms: float = math.inf,
        probe: Probes | None = None,
        probe_every_s: float = math.inf,
    ) -> None:
        self._judge = judge
        self._clock = clock or SystemClock()
        self._within_ms = answer_within_ms
        self._probe = probe
        self._every_ns = probe_every_s * 1e9
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="judge")
        self._task: _Task | None = None
        self._fault: EdgeError | None = None
        self._answered_ns = self._clock.monotonic_ns()  # engines were proven before they came here
        self._probe_ns: float = self._answered_ns + self._every_ns

    @property
    def is_busy(self) -> bool:
        """Whether a face or an engine is being looked at, or a judgment waits to be taken."""
        return self._task is not None

    @property
    def fault(self) -> EdgeError | None:
        """What an engine did wrong, until every engine proved itself again."""
        return self._fault

    @property
    def answered_ns(self) -> int:
        """When an engine last gave a sound answer, to a face or a probe, monotonic; at first when this began."""
        return self._answered_ns

    def begin(self, frame: Frame, face: Face, evidence: AttemptEvidence) -> None:
        """Start to judge a face, on a copy of the frame. Raises RuntimeError when busy."""
        if self.is_busy:
            raise RuntimeError("one face at a time")
        native = None if frame.native is None else _kept(frame.native)
        kept = replace(frame, pixels=_kept(frame.pixels), native=native)
        overdue = Judgment(
            attempt_id=evidence.attempt_id,
            frame_seq=frame.seq,
            captured_ns=frame.captured_ns,
            outcome=self._late(),
        )
        future: Future[Judgment | EdgeError | None] = self._thread.submit(judged, self._judge, kept, face, evidence)
        self._task = _Task(future, self._clock.monotonic_ns(), overdue)

    def take(self, *, wait: bool) -> Judgment | None:
        """Return the judgment once, if it is ready, or ``wait`` is True and it comes in time.

        At the deadline that is one that tells of the engine's fault; the late answer itself is never returned.
        """
        task = self._task
        if task is None:
            return None
        if wait and not task.is_late:
            self._await(task)
        if not task.future.done():
            return self._overdue(task)
        self._task = None
        outcome = task.future.result()
        if task.is_late:
            self._fault = self._fault if self._probe else None
            return None
        if isinstance(outcome, Judgment):
            self._learn(outcome)
            return outcome
        self._fault = outcome
        if outcome is None:
            self._answered_ns = self._clock.monotonic_ns()
        return None

    def rest(self) -> None:
        """Probe the engines when that is due: in turn while all is well, every one after a fault."""
        now_ns = self._clock.monotonic_ns()
        if self.is_busy or self._probe is None or now_ns < self._probe_ns:
            return
        has_fault = self._fault is not None
        self._probe_ns = now_ns + (_PROBE_AGAIN_NS if has_fault else self._every_ns)
        self._task = _Task(self._thread.submit(_probed, self._probe, everything=has_fault), now_ns, None)

    def _learn(self, judgment: Judgment) -> None:
        """Note of an answer in time whether it was a sound one."""
        if not isinstance(judgment.outcome, RecognitionError):
            self._answered_ns = self._clock.monotonic_ns()
        elif self._probe is not None:
            self._fail(judgment.outcome)

    def _await(self, task: _Task) -> None:
        left_s = self._left_ns(task) / 1e9
        wait([task.future], timeout=None if math.isinf(left_s) else max(0.0, left_s))

    def _overdue(self, task: _Task) -> Judgment | None:
        if task.is_late or self._left_ns(task) > 0:
            return None
        task.is_late = True
        self._fail(self._late())
        return task.overdue

    def _left_ns(self, task: _Task) -> float:
        return task.begun_ns + self._within_ms * 1e6 - self._clock.monotonic_ns()

    def _fail(self, fault: EdgeError) -> None:
        self._fault = fault
        self._probe_ns = self._clock.monotonic_ns()

    def _late(self) -> RecognitionError:
        return RecognitionError(
            f"the engines did not answer within {self._within_ms:.0f} ms",
            hint="look at the device's load; if they hang, restart the gate; engine.answer_within_ms sets the bound",
        )


def _kept(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a copy that nobody can change, so that a device uploads it once, however often it is looked at."""
    copy = pixels.copy()
    copy.setflags(write=False)
    return copy


def _probed(probe: Probes, *, everything: bool) -> EdgeError | None:
    try:
        probe.probe(everything=everything)
    except EdgeError as error:
        return error
    return None
