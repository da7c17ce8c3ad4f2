"""A cast that every checkout has: two public-domain portraits before the synthetic camera. Small, and says little."""

from pathlib import Path

import cv2

from edge.capture.synthetic_camera import SyntheticCamera
from edge.capture.synthetic_motion import SyntheticMotion
from edge.commands.demo.scenes import ENROLLED_PORTRAIT, STRANGER_PORTRAIT
from edge.domain.errors import StoreError
from redteam.cast import Pictures

_FRAMES_APART = 9
_FRAMES = 24
_SIZE = (320, 240)


def portrait_pictures(folder: Path) -> Pictures:
    """Draw frames of both portraits below ``folder`` and return them: one is the victim, the other the stranger.

    Raises:
        PictureError: a portrait cannot be read.
        StoreError: a frame cannot be written.
    """
    return Pictures(
        {"victim": _frames(ENROLLED_PORTRAIT, folder, seed=3)},
        _frames(STRANGER_PORTRAIT, folder, seed=5),
        "two portraits before the synthetic camera",
    )


def _frames(portrait: Path, folder: Path, *, seed: int) -> list[Path]:
    """Return frames of one portrait, apart in time, so that pose, light and noise differ."""
    folder.mkdir(parents=True, exist_ok=True)
    motion = SyntheticMotion(seed=seed, size=_SIZE, scale=1.1, gap_s=0, enter_s=0, stay_s=0)
    camera = SyntheticCamera(str(portrait), motion)
    camera.open()
    written = []
    for index in range(_FRAMES * _FRAMES_APART):
        frame = camera.read()
        if frame is None or index % _FRAMES_APART:
            continue
        path = folder / f"{portrait.stem}_{index:04d}.png"
        if not cv2.imwrite(str(path), frame.pixels):
            raise StoreError(f"{path} cannot be written", hint="free space, or name another --out folder")
        written.append(path)
    camera.close()
    return written
