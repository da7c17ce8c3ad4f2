"""How a head is turned, roughly, from five landmarks: enough to tell a movement from none."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_NOSE_TO_EYE_LINE = 0.9  # how far the nose tip stands out before the eyes, in half eye distances, of a mean head
_NOSE_TO_MOUTH_LINE = 0.42  # the same in distances from eye line to mouth line
_LEAST_PX = 4.0


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Where a head points, degrees. Only differences to the same person's neutral pose mean anything.

    Attributes:
        yaw_deg: positive = turned to the person's own left, so that the nose goes to the viewer's right.
        pitch_deg: positive = looking up.
    """

    yaw_deg: float
    pitch_deg: float

    def relative_to(self, neutral: "HeadPose") -> "HeadPose":
        """Return the difference to a neutral pose."""
        return HeadPose(self.yaw_deg - neutral.yaw_deg, self.pitch_deg - neutral.pitch_deg)


def head_pose(landmarks: NDArray[np.float32]) -> HeadPose | None:
    """Return the pose that five landmarks show, None when they show no face.

    The nose tip stands out before the plane of eyes and mouth, so it moves against them: aside as the head turns, up
    as it looks up. Measured along the eye line and across it, the head's roll, size and place make no difference.

    Args:
        landmarks: float32 (5, 2), frame pixels, in YuNet's order.
    """
    right_eye, left_eye, nose, right_mouth, left_mouth = np.asarray(landmarks, np.float64)
    eyes, mouth = (right_eye + left_eye) / 2, (right_mouth + left_mouth) / 2
    across = left_eye - right_eye
    width = float(np.hypot(*across))
    if not width >= _LEAST_PX:
        return None
    axis = across / width
    down = np.array([-axis[1], axis[0]])
    height = float((mouth - eyes) @ down)
    if not height >= _LEAST_PX:
        return None
    middle = eyes + (mouth - eyes) * ((nose - eyes) @ down) / height
    aside = float((nose - middle) @ axis) / (width / 2)
    low = float((nose - eyes) @ down) / height
    return HeadPose(
        yaw_deg=math.degrees(math.atan(aside / _NOSE_TO_EYE_LINE)),
        pitch_deg=-math.degrees(math.atan((low - 0.5) / _NOSE_TO_MOUTH_LINE)),
    )
