"""Pictures as a camera: one file, or every file of a folder in the order of their names."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge.capture.camera import RawFrame
from edge.capture.limits import fit_size
from edge.capture.picture import read_picture
from edge.capture.picture_folder import pictures_in
from edge.domain.errors import PictureError

__all__ = ["StillsCamera", "read_picture"]

SPACING_NS = 1_000_000_000
"""Source time from one still to the next: far enough apart that no two belong together."""


class StillsCamera:
    """Gives every picture once. A bad one raises PictureError by name, and the next ``read`` goes on behind it.

    Hidden files and subfolders are passed over; every other file of a folder counts as meant.
    """

    def __init__(self, location: str) -> None:
        self._path = Path(location)
        self._pictures: list[Path] = []
        self._next = 0

    def open(self) -> None:
        """List the pictures.

        Raises:
            CameraError: the folder is empty or cannot be listed.
        """
        self._next = 0
        self._pictures = pictures_in(self._path) if self._path.is_dir() else [self._path]

    def read(self) -> RawFrame | None:
        """Return the next picture, None behind the last."""
        if self._next >= len(self._pictures):
            return None
        index, path = self._next, self._pictures[self._next]
        self._next += 1
        try:
            pixels = read_picture(path)
        except PictureError as error:
            error.picture = path.name
            raise
        return RawFrame(pixels=_shrunk(pixels), source_time_ns=index * SPACING_NS, name=path.name)

    def close(self) -> None:
        """Forget the list."""
        self._pictures = []


def _shrunk(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    size = fit_size(width, height)
    if size == (width, height):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
