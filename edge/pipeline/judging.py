"""When a face is judged: at once, or beside the frames that go on being followed meanwhile.

Verification takes as long as several frames of a camera. Whoever moves would be lost between two judged frames, and
whoever takes their place would not be noticed; so a live camera is followed without a break while one face is judged.
"""

from dataclasses import dataclass
from typing import Protocol

from edge.domain.assessment import Assessment
from edge.domain.errors import EdgeError
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

    @property
    def fault(self) -> EdgeError | None:
        """Why nobody can be judged now; None when somebody can."""
        ...

    @property
    def answered_ns(self) -> int | None:
        """When the engines last gave a sound answer, monotonic; None where they answer on the gate's own thread."""
        ...

    def rest(self) -> None:
        """Use a moment in which nobody is judged, to look after what judges."""
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
        self._judgment = judged(self._judge, frame, face, evidence)

    def take(self, *, wait: bool) -> Judgment | None:
        """Return the judgment once."""
        del wait
        judgment, self._judgment = self._judgment, None
        return judgment

    @property
    def fault(self) -> EdgeError | None:
        """None: whoever waits for each judgment sees its faults in it."""
        return None

    @property
    def answered_ns(self) -> None:
        """None: engines that hang hold up the gate itself."""
        return None

    def rest(self) -> None:
        """Do nothing: recordings open no door."""


def judged(judge: Assesses, frame: Frame, face: Face, evidence: AttemptEvidence) -> Judgment:
    """Return what judging a face came to; whatever it raises is an outcome too."""
    outcome: Assessment | Exception
    try:
        outcome = judge.assess(frame, face, evidence)
    except Exception as error:  # noqa: BLE001 - it crosses a thread; the gate tells faults from defects of ours
        outcome = error
    return Judgment(
        attempt_id=evidence.attempt_id, frame_seq=frame.seq, captured_ns=frame.captured_ns, outcome=outcome
    )
