"""Replay: signs that what is before the camera is a flat picture of a face, by how the face changes over frames.

A picture that is held still, waved, tilted or brought nearer shows nothing but itself along a plane. A head that
moves shows parallax, and its eyes and mouth do not keep still. docs/defenses/replay.md says what this does not stop.
"""

import math
from collections.abc import Sequence

from edge.defenses.base import Check, error_finding, finding_of
from edge.domain.finding import Finding
from edge.domain.motion import FaceChange, ReplayLimits
from edge.domain.reasons import Outcome

NAME = "replay"
_SUSTAINED = 3  # changed frames: one may be a glitch of the camera, and a blink lasts longer
_NO_CHANGE_NS = 3_000_000_000  # people blink every few seconds (Bentivoglio et al., Movement Disorders 12(6), 1997)
_LEAST_FRAMES = 10


class Replay:
    """A face must change more than a flat picture can, in several frames.

    Args:
        limits: from the profile; None = not fitted, and every judgment is an ERROR.
    """

    name = NAME

    def __init__(self, limits: ReplayLimits | None) -> None:
        self._limits = limits

    def judge(self, changes: Sequence[FaceChange]) -> Finding | None:
        """Judge the frames of one attempt so far.

        Args:
            changes: oldest first, of one track.

        Returns:
            PASS once the face changed as no picture does; FAIL when it had time to and did not; ERROR when it could
            not be measured; None while it may still change.
        """
        if self._limits is None:
            return error_finding(self.name, "the profile has no limits for it")
        reached = sustained(changes, self._limits.most_change)
        check = Check("change beyond a flat picture", reached, self._limits.least_change, is_floor=True)
        if math.isfinite(reached) and check.margin >= 0:
            return finding_of(self.name, [check])
        waited_ns = changes[-1].captured_ns - changes[0].captured_ns if changes else 0
        return None if waited_ns < _NO_CHANGE_NS else finding_of(self.name, [check])


def pending_finding() -> Finding:
    """Return what there is while nothing can be said yet: SKIPPED, which grants nothing."""
    return Finding(
        defense=NAME, outcome=Outcome.SKIPPED, statistic=math.nan, threshold=math.nan, detail="too few frames yet"
    )


def sustained(changes: Sequence[FaceChange], most: float) -> float:
    """Return the change that several frames reach, the third largest; NaN when too few frames could be measured.

    Args:
        changes: of one attempt.
        most: a frame that changes more shows something else.
    """
    measured = sorted((c.change for c in changes if math.isfinite(c.change) and c.change <= most), reverse=True)
    return measured[_SUSTAINED - 1] if len(measured) >= _LEAST_FRAMES else math.nan
