"""Pictures of a face held before a camera: what an attacker with a print or a screen can do with a flat picture.

Synthetic: the picture is moved in space and projected (a homography), seen with noise and blur of exposure before a
wall, and coded as a camera codes it. Whatever deforms the picture, such as bending paper, is none of these.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

SIZE: Final = (640, 480)
RATE_HZ: Final = 15
SECONDS: Final = 3.4
_FOCAL_PX = 700.0
_EXPOSURE = np.array([0.0, 1 / 120, 1 / 60])  # seconds within which what moves is smeared


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """How a picture is moved: amplitudes of slow movement, to which a hand adds its tremor.

    Attributes:
        name: for tables.
        aside: share of the frame's width.
        nearer: change of size, natural logarithm.
        tilt_deg: about the vertical and the horizontal axis.
        roll_deg: in the picture's plane.
        tremor: 1 = a hand, 0 = on a stand.
    """

    name: str
    aside: float = 0.0
    nearer: float = 0.0
    tilt_deg: float = 0.0
    roll_deg: float = 0.0
    tremor: float = 1.0


HANDLINGS: Final = (
    Handling(name="on a stand", tremor=0.0),
    Handling(name="held"),
    Handling(name="waved", aside=0.12, nearer=0.03, tilt_deg=4, roll_deg=4),
    Handling(name="tilted", aside=0.02, nearer=0.02, tilt_deg=28, roll_deg=5),
    Handling(name="brought nearer", aside=0.03, nearer=0.35, tilt_deg=4, roll_deg=3),
    Handling(name="rolled", aside=0.02, nearer=0.02, tilt_deg=3, roll_deg=20),
)


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A picture with one face.

    Attributes:
        pixels: uint8 BGR.
        center: middle of the face, pixels.
        width_px: of the face.
    """

    pixels: Pixels
    center: tuple[float, float]
    width_px: float


def present(portrait: Portrait, handling: Handling, *, face_px: float, seed: int) -> Iterator[Pixels]:
    """Yield the frames of a presentation, uint8 BGR (480, 640, 3), ``RATE_HZ`` a second; the same for the same seed.

    Args:
        portrait: what is shown.
        handling: how it is moved.
        face_px: width of the face in the frame.
        seed: of movement, wall, noise and coding.
    """
    rng = np.random.default_rng(seed)
    times = np.add.outer(np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ, _EXPOSURE).ravel()
    wall, grain = _wall(rng), rng.normal(0, rng.uniform(1.5, 4.5), (SIZE[1] + 64, SIZE[0] + 64, 3))
    sheet = _sheet(portrait, is_screen=bool(rng.integers(2)))
    middle = np.array(SIZE) / 2 + rng.uniform(-30, 30, 2)
    frames = []
    sharp = (_seen(sheet.pixels, c + middle, wall) for c in _path(sheet, handling, face_px, rng, times))
    while exposed := list(islice(sharp, len(_EXPOSURE))):
        seen = np.mean(exposed, axis=0, dtype=np.float32)
        y, x = rng.integers(0, 64, 2)
        noisy = seen * (1 + rng.normal(0, 0.003)) + grain[y : y + SIZE[1], x : x + SIZE[0]]
        frames.append(np.clip(noisy, 0, 255).astype(np.uint8))
    yield from _coded(frames, quality=int(rng.integers(18, 29)))


def _sheet(portrait: Portrait, *, is_screen: bool) -> Portrait:
    """Return the picture with its border: a print's white one, or a screen's bezel."""
    border = max(4, portrait.pixels.shape[1] // (20 if is_screen else 33))
    color = (12, 12, 12) if is_screen else (235, 235, 235)
    framed = cv2.copyMakeBorder(portrait.pixels, border, border, border, border, cv2.BORDER_CONSTANT, value=color)
    x, y = portrait.center
    return Portrait(np.asarray(framed, np.uint8), (x + border, y + border), portrait.width_px)


def _path(
    sheet: Portrait, handling: Handling, face_px: float, rng: np.random.Generator, times: NDArray[np.float64]
) -> Iterator[NDArray[np.float64]]:
    """Yield the sheet's corners about the face, float64 (4, 2), frame pixels."""

    def moves(amplitude: float, tremor: float) -> NDArray[np.float64]:
        slow = _waves(rng, times, amplitude, 0.15, 0.6)
        hand = _waves(rng, times, tremor, 0.4, 2) + _waves(rng, times, tremor / 4, 4, 7)
        return np.asarray(slow + handling.tremor * hand)

    aside, down = moves(handling.aside * SIZE[0], 2.5), moves(handling.aside * SIZE[1] / 2, 2.5)
    size = np.exp(moves(handling.nearer, 0.006))
    yaw, pitch = np.radians(moves(handling.tilt_deg, 0.8)), np.radians(moves(0.6 * handling.tilt_deg, 0.8))
    roll = np.radians(moves(handling.roll_deg, 0.5))
    height, width = sheet.pixels.shape[:2]
    flat = (np.array([[0, 0], [width, 0], [width, height], [0, height]]) - sheet.center) * face_px / sheet.width_px
    for index in range(len(times)):
        turned = np.c_[flat, np.zeros(4)] @ _rotation(yaw[index], pitch[index], roll[index]).T
        nearness = _FOCAL_PX / (_FOCAL_PX / size[index] + turned[:, 2:])
        yield turned[:, :2] * nearness + [aside[index], down[index]]


def _waves(
    rng: np.random.Generator, times: NDArray[np.float64], amplitude: float, slow_hz: float, fast_hz: float
) -> NDArray[np.float64]:
    hertz, phase = rng.uniform(slow_hz, fast_hz, (2, 1)), rng.uniform(0, 2 * np.pi, (2, 1))
    return np.asarray(amplitude * np.sin(2 * np.pi * hertz * times + phase).mean(axis=0))


def _rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    (cy, cp, cr), (sy, sp, sr) = np.cos([yaw, pitch, roll]), np.sin([yaw, pitch, roll])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


def _seen(sheet: Pixels, corners: NDArray[np.float64], wall: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sheet before the wall, float32, through a lens that is not quite sharp."""
    height, width = sheet.shape[:2]
    edges = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    matrix = cv2.getPerspectiveTransform(edges, corners.astype(np.float32))
    shrink = float(np.ptp(corners[:, 0])) / width
    fine = sheet if shrink > 0.6 else cv2.GaussianBlur(sheet, (0, 0), 0.45 / max(shrink, 0.05))
    shown = cv2.warpPerspective(fine, matrix, SIZE).astype(np.float32)
    share = cv2.warpPerspective(np.full((height, width), 1.0, np.float32), matrix, SIZE)[..., None]
    return np.asarray(cv2.GaussianBlur(wall * (1 - share) + shown * share, (3, 3), 0.6), np.float32)


def _wall(rng: np.random.Generator) -> NDArray[np.float32]:
    wall = np.full((SIZE[1], SIZE[0], 3), rng.uniform(90, 160, 3), np.float32)
    for cells, strength in ((5, 20.0), (30, 12.0), (120, 8.0)):
        coarse = rng.normal(0, strength, (cells * 3 // 4, cells, 3)).astype(np.float32)
        wall = wall + np.asarray(cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC), np.float32)
    return wall


def _coded(frames: list[Pixels], *, quality: int) -> Iterator[Pixels]:
    """Yield the frames as H.264 gives them back."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as writer:
        stream = writer.add_stream("libx264", rate=RATE_HZ, options={"crf": str(quality), "preset": "fast"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for frame in frames:
            writer.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="bgr24")))
        writer.mux(stream.encode())
    file.seek(0)
    with av.open(file, "r") as reader:
        for picture in reader.decode(video=0):
            yield np.asarray(picture.to_ndarray(format="bgr24"), np.uint8)
