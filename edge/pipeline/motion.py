"""Collects what a face does over the frames of one attempt, for the defense against replays."""

from collections.abc import Callable

from edge.defenses.replay import Replay
from edge.domain.finding import Finding
from edge.domain.motion import FaceChange
from edge.pipeline.eye import Sight
from edge.vision.motion.plane import PlaneFollower

LEAST_GAP_NS = 60_000_000  # what a face does is slow: looking oftener costs time and shows nothing new
MOST_FRAMES = 256


class AttemptMotion:
    """The motion of one attempt's face. It costs nothing once its finding is made.

    Args:
        defense: judges.
        follower: measures; of this attempt alone.
    """

    def __init__(self, defense: Replay, follower: Callable[[], PlaneFollower]) -> None:
        self._defense = defense
        self._follower = follower()
        self._changes: list[FaceChange] = []
        self._finding: Finding | None = defense.judge(())

    @property
    def finding(self) -> Finding | None:
        """The finding; None while there is none."""
        return self._finding

    def see(self, sight: Sight) -> bool:
        """Look at the attempt's face in a new frame; True when that made the finding."""
        captured_ns = sight.frame.captured_ns
        if self._finding is not None or sight.face is None or len(self._changes) >= MOST_FRAMES:
            return False
        if self._changes and captured_ns - self._changes[-1].captured_ns < LEAST_GAP_NS:
            return False
        change = self._follower.change(sight.frame.pixels, sight.face.landmarks)
        self._changes.append(FaceChange(captured_ns=captured_ns, change=change))
        self._finding = self._defense.judge(self._changes)
        return self._finding is not None
