"""How often a recording, made before the challenge was drawn, passes it all the same."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from edge.domain.challenge import ChallengeOutcome, Movement
from edge.domain.frame import Frame
from edge.pipeline.challenge import ChallengeRun, ChallengeTerms
from edge.pipeline.eye import Eye
from edge.vision.detect import FaceDetector
from edge.vision.pose import HeadPose, head_pose

_STARTS = 4
_NS = 1_000_000_000

TimedPose = tuple[int, HeadPose | None]
"""Nanoseconds from the recording's start, and the pose seen then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One recording against every challenge that could be drawn.

    Attributes:
        tries: challenges times starting points.
        passed: how many of them it passed.
    """

    tries: int
    passed: int


def every_draw(count: int) -> Iterator[tuple[Movement, ...]]:
    """Yield every challenge of so many movements, each as likely as any other."""
    for movements in itertools.product(Movement, repeat=count):
        if all(a is not b for a, b in itertools.pairwise(movements)):
            yield movements


def poses_of(frames: Iterable[Frame], detector: FaceDetector) -> tuple[TimedPose, ...]:
    """Return the poses of the judged face, frame by frame.

    Raises:
        EdgeError: the detector failed.
    """
    eye = Eye(detector)
    poses: list[TimedPose] = []
    for frame in frames:
        face = eye.look(frame).face
        poses.append((frame.captured_ns, None if face is None else head_pose(face.landmarks)))
    first_ns = poses[0][0] if poses else 0
    return tuple((captured_ns - first_ns, pose) for captured_ns, pose in poses)


def replayed(poses: Sequence[TimedPose], terms: ChallengeTerms) -> Replayed:
    """Show a recording, over and over, to every challenge, from a few starting points of it.

    Between two rounds the face would jump, and a gate would lose it; here it goes on, in the attacker's favor.
    """
    starts = [len(poses) * number // _STARTS for number in range(_STARTS)]
    outcomes = [
        _outcome(poses, start, movements, terms) for movements in every_draw(terms.movements) for start in starts
    ]
    return Replayed(tries=len(outcomes), passed=sum(o is ChallengeOutcome.PASSED for o in outcomes))


def _outcome(
    poses: Sequence[TimedPose], start: int, movements: Sequence[Movement], terms: ChallengeTerms
) -> ChallengeOutcome:
    run = ChallengeRun.start(movements, terms, 0)
    length_ns = poses[-1][0] + _NS // 30
    for number in itertools.count(start):
        round_number, index = divmod(number, len(poses))
        at_ns, pose = poses[index]
        run = run.after_pose(pose, round_number * length_ns + at_ns - poses[start][0])
        if not run.is_open:
            break
    return run.challenge.outcome
