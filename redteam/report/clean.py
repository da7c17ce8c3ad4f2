"""Finds the frame that a scene began with, for the pictures of the report."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.capture.picture import read_picture
from edge.domain.errors import PictureError
from redteam.report.strips import CleanPixels


def clean_pixels_below(folder: Path) -> CleanPixels:
    """Return a function from scene ids to clean frames, None where there is none.

    Args:
        folder: of identities (``NAME/NAME_0001.jpg``), or of frames that lie in it directly.
    """

    def clean_pixels(scene_id: str) -> NDArray[np.uint8] | None:
        stem = scene_id.partition(".")[0]
        if not stem or "/" in stem:
            return None
        for path in (folder / stem.rpartition("_")[0] / f"{stem}.jpg", folder / f"{stem}.png"):
            if path.is_file():
                try:
                    return read_picture(path)
                except PictureError:
                    return None
        return None

    return clean_pixels
