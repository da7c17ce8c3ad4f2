"""Pictures as frames: for whatever looks at single pictures with the stages that run at the door."""

import numpy as np
from numpy.typing import NDArray

from edge.domain.clock import Clock
from edge.domain.frame import Frame

CAMERA_ID = "picture"
"""Of frames that no camera took."""


def frame_of(pixels: NDArray[np.uint8], clock: Clock) -> Frame:
    """Return a picture, uint8 BGR (h, w, 3), as a frame that was captured just now."""
    return Frame(
        camera_id=CAMERA_ID,
        seq=0,
        captured_ns=clock.monotonic_ns(),
        captured_utc=clock.utc(),
        pixels=pixels,
    )
