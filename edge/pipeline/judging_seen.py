"""Judging that shows what it judges to somebody: the frame and face of each judgment, as it begins."""

from collections.abc import Callable
from typing import final

from edge.domain.errors import EdgeError
from edge.domain.face import Face
from edge.domain.frame import Frame
from edge.domain.verdict import AttemptId
from edge.pipeline.judging import Judging, Judgment
from edge.policy.decide import AttemptEvidence

Seen = Callable[[AttemptId, Frame, Face], None]
"""Takes a face that is about to be judged; quick, it does not raise, and copies what it keeps."""


@final
class SeenJudging:
    """A ``Judging`` around another one.

    Args:
        judging: does the work.
        seen: is shown every face.
    """

    def __init__(self, judging: Judging, seen: Seen) -> None:
        self._judging = judging
        self._seen = seen

    @property
    def is_busy(self) -> bool:
        """Whether a face is being judged, or its judgment waits to be taken."""
        return self._judging.is_busy

    def begin(self, frame: Frame, face: Face, evidence: AttemptEvidence) -> None:
        """Show a face and hand it over."""
        self._seen(evidence.attempt_id, frame, face)
        self._judging.begin(frame, face, evidence)

    def take(self, *, wait: bool) -> Judgment | None:
        """Return the judgment once."""
        return self._judging.take(wait=wait)

    @property
    def fault(self) -> EdgeError | None:
        """Why nobody can be judged now."""
        return self._judging.fault

    @property
    def answered_ns(self) -> int | None:
        """When the engines last gave a sound answer."""
        return self._judging.answered_ns

    def rest(self) -> None:
        """Look after what judges."""
        self._judging.rest()
