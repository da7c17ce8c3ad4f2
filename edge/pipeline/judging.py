"""When a face is judged: at once, or beside the frames that go on being followed meanwhile.

Verification takes as long as several frames of a camera. Whoever moves would be lost between two judged frames, and
whoever takes their place would not be noticed; so a live camera is followed without a break while one face is judged.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

from edge.domain.assessment import Assessment
from edge.domain.face import Face
from edge.domain.frame import Frame
from edge.domain.verdict import AttemptId
from edge.policy.decide import AttemptEvidence


class Assesses(Protocol):
    """Collects the evidence of one face in one frame; :class:`edge.pipeline.judge.FaceJudge`."""

    def assess(self, frame: Frame, face: Face, evidence: AttemptEvidence) -> Assessment:
        """Return what a frame contributes to an attempt."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgment:
    """What judging one frame came to.

    Attributes:
        attempt_id: whose evidence it is.
        frame_seq: which frame was judged.
        captured_ns: when it was captured, monotonic.
        outcome: the assessment, or what went wrong instead.
    """

    attempt_id: AttemptId
    frame_seq: int
    captured_ns: int
    outcome: Assessment | Exception


class Judging(Protocol):
    """Judges one face at a time. Used by one thread, the gate's."""

    @property
    def is_busy(self) -> bool:
        """Whether a face was handed over whose judgment was not taken yet."""
        ...

    def begin(self, frame: Frame, face: Face, evidence: AttemptEvidence) -> None:
        """Hand over a face. Raises RuntimeError when busy."""
        ...

    def take(self, *, wait: bool) -> Judgment | None:
        """Return the judgment once; None when there is none, or it is not ready and ``wait`` is False."""
        ...


class AtOnce:
    """Judges within ``begin``: for recordings in lock-step and stills, whose clock stands still meanwhile."""

    def __init__(self, judge: Assesses) -> None:
        self._judge = judge
        self._judgment: Judgment | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a judgment waits to be taken."""
        return self._judgment is not None

    def begin(self, frame: Frame, face: Face, evidence: AttemptEvidence) -> None:
        """Judge a face. Raises RuntimeError when busy."""
        if self.is_busy:
            raise RuntimeError("one face at a time")
        self._judgment = _judged(self._judge, frame, face, evidence)

    def take(self, *, wait: bool) -> Judgment | None:
        """Return the judgment once."""
        del wait
        judgment, self._judgment = self._judgment, None
        return judgment


class Aside:
    """Judges on one thread of its own; the judge is used on no other. The thread ends with this object."""

    def __init__(self, judge: Assesses) -> None:
        self._judge = judge
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="judge")
        self._pending: Future[Judgment] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a face is being judged, or its judgment waits to be taken."""
        return self._pending is not None

    def begin(self, frame: Frame, face: Face, evidence: AttemptEvidence) -> None:
        """Start to judge a face, on a copy of the frame. Raises RuntimeError when busy."""
        if self.is_busy:
            raise RuntimeError("one face at a time")
        kept = replace(frame, pixels=frame.pixels.copy())
        self._pending = self._thread.submit(_judged, self._judge, kept, face, evidence)

    def take(self, *, wait: bool) -> Judgment | None:
        """Return the judgment once, if it is ready or ``wait`` is True."""
        if self._pending is None or not (wait or self._pending.done()):
            return None
        pending, self._pending = self._pending, None
        return pending.result()


def _judged(judge: Assesses, frame: Frame, face: Face, evidence: AttemptEvidence) -> Judgment:
    outcome: Assessment | Exception
    try:
        outcome = judge.assess(frame, face, evidence)
    except Exception as error:  # noqa: BLE001 - it crosses a thread; the gate tells faults from defects of ours
        outcome = error
    return Judgment(
        attempt_id=evidence.attempt_id, frame_seq=frame.seq, captured_ns=frame.captured_ns, outcome=outcome
    )
