"""A camera without hardware: a portrait moves about before a textured wall, seen by a noisy sensor.

For demos and tests. Every frame is a function of the portrait and the ``SyntheticMotion`` alone. No two frames
repeat their bytes, except in mode ``frozen``.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.capture.camera import RawFrame
from edge.capture.picture import read_picture
from edge.capture.synthetic_motion import SceneMode, SyntheticMotion
from edge.capture.synthetic_path import Moment, MotionPath

_NOISE_SHIFTS = 64
_FEATHER = 0.06
_NO_MAP = np.empty((0, 0), np.float32)
_STIR_WAVE, _STIR_REACH = 0.16, 0.006  # a wave as long as a face, and how far it moves, in portrait heights
_DARK_GAIN, _DARK_LEVEL = 0.015, 3.0


class SyntheticCamera:
    """Draws frames into one buffer; each is valid until the next ``read``."""

    def __init__(self, location: str, motion: SyntheticMotion) -> None:
        self._location = location
        self._motion = motion
        self._index = 0

    def open(self) -> None:
        """Read the portrait and paint the wall.

        Raises:
            PictureError: the portrait cannot be read.
        """
        cv2.setNumThreads(1)
        motion, (width, height) = self._motion, self._motion.size
        rng = np.random.default_rng(motion.seed)
        self._index = 0
        portrait = _fitted(read_picture(Path(self._location)), round(motion.scale * height))
        portrait_height, portrait_width = portrait.shape[:2]
        self._path = MotionPath(motion, (portrait_width, portrait_height))
        self._portrait = np.dstack([portrait, _feathered(portrait_width, portrait_height)])
        self._relief = _relief(portrait_width, portrait_height)
        self._wall = _wall(width, height, rng)
        self._noise = _noise(width + _NOISE_SHIFTS, height + _NOISE_SHIFTS, motion.noise, rng)
        self._pixels: NDArray[np.uint8] = np.empty((height, width, 3), np.uint8)
        self._warped: NDArray[np.uint8] = np.empty((height, width, 4), np.uint8)
        self._light = np.empty_like(self._pixels)

    def read(self) -> RawFrame | None:
        """Return the next frame; None behind the last if the motion has one."""
        motion, index = self._motion, self._index
        if motion.frames and index >= motion.frames:
            return None
        self._index += 1
        if motion.mode is SceneMode.DARK:
            cv2.convertScaleAbs(self._wall, dst=self._pixels, alpha=_DARK_GAIN, beta=_DARK_LEVEL)
            self._add_noise(index)
        elif not self._is_repeat(index):
            self._draw(self._path.at(index / motion.fps))
            self._add_noise(index)
        return RawFrame(pixels=self._pixels, source_time_ns=index * 1_000_000_000 // motion.fps)

    def close(self) -> None:
        """Nothing to let go of."""

    def _is_repeat(self, index: int) -> bool:
        motion = self._motion
        return motion.mode is SceneMode.FROZEN and index > round(motion.freeze_s * motion.fps)

    def _draw(self, moment: Moment) -> None:
        size = self._motion.size
        np.copyto(self._pixels, self._wall)
        if moment.corners is not None:
            self._draw_portrait(self._stirred(moment.stir), moment.corners)
        gains = np.repeat(np.clip(moment.light * 128, 1, 255)[:, :, None], 3, axis=2).astype(np.uint8)
        cv2.resize(gains, size, dst=self._light, interpolation=cv2.INTER_LINEAR)
        cv2.multiply(self._pixels, self._light, dst=self._pixels, scale=1 / 128)
        cv2.GaussianBlur(self._pixels, (3, 3), moment.blur_px, dst=self._pixels)

    def _stirred(self, stir: tuple[float, float]) -> NDArray[np.uint8]:
        """Return the portrait with its parts moved against each other, as no flat picture's are."""
        if not any(stir):
            return self._portrait
        places, first, second = self._relief
        moved = cv2.remap(self._portrait, places + stir[0] * first + stir[1] * second, _NO_MAP, cv2.INTER_LINEAR)
        return np.asarray(moved, np.uint8)

    def _draw_portrait(self, portrait: NDArray[np.uint8], corners: NDArray[np.float32]) -> None:
        """Blend the portrait in, working on the rectangle around it only."""
        width, height = self._motion.size
        left, top = np.clip(np.floor(corners.min(axis=0)), 0, (width, height)).astype(int)
        right, bottom = np.clip(np.ceil(corners.max(axis=0)), 0, (width, height)).astype(int)
        if right <= left or bottom <= top:
            return
        portrait_height, portrait_width = portrait.shape[:2]
        edges = np.asarray(
            [[0, 0], [portrait_width, 0], [portrait_width, portrait_height], [0, portrait_height]], np.float32
        )
        matrix = cv2.getPerspectiveTransform(edges - 0.5, corners - np.asarray([left, top], np.float32))
        warped = self._warped[: bottom - top, : right - left]
        cv2.warpPerspective(portrait, matrix, (right - left, bottom - top), dst=warped)
        weight = cv2.extractChannel(warped, 3).astype(np.float32) / 255
        below = self._pixels[top:bottom, left:right]
        cv2.blendLinear(cv2.cvtColor(warped, cv2.COLOR_BGRA2BGR), below, weight, 1 - weight, dst=below)

    def _add_noise(self, index: int) -> None:
        height, width = self._pixels.shape[:2]
        # 1597 and 64 * 64 share no factor: consecutive frames never get the same piece.
        y, x = divmod((index * 1597 + self._motion.seed) % (_NOISE_SHIFTS * _NOISE_SHIFTS), _NOISE_SHIFTS)
        cv2.addWeighted(self._pixels, 1.0, self._noise[y : y + height, x : x + width], 1.0, -128.0, dst=self._pixels)


def _fitted(picture: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    width = max(1, round(picture.shape[1] * height / picture.shape[0]))
    return np.asarray(cv2.resize(picture, (min(width, 4 * height), height), interpolation=cv2.INTER_AREA), np.uint8)


def _relief(width: int, height: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return where each pixel of a portrait is, and two ways for it to stir, float32 (h, w, 2), pixels."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    wave = 2 * np.pi / (_STIR_WAVE * height)
    reach = _STIR_REACH * height
    first = reach * np.stack([np.sin(wave * y), np.sin(wave * x + 1)], axis=2)
    second = reach * np.stack([np.sin(wave * y + 2), np.cos(wave * y)], axis=2)
    return np.stack([x, y], axis=2), first.astype(np.float32), second.astype(np.float32)


def _feathered(width: int, height: int) -> NDArray[np.uint8]:
    """Return the portrait's opacity, 0..255: it fades towards its edges."""

    def ramp(length: int) -> NDArray[np.float32]:
        from_edge = np.minimum(np.arange(length), np.arange(length)[::-1]) / max(1.0, _FEATHER * length)
        return np.clip(from_edge, 0, 1).astype(np.float32)

    return (np.minimum.outer(ramp(height), ramp(width)) * 255).astype(np.uint8)


def _wall(width: int, height: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Paint soft patches of a tinted gray, with finer and finer texture over them."""
    wall = np.full((height, width, 3), rng.uniform(100, 140, 3), np.float32)
    for cells, strength in ((6, 18.0), (24, 10.0), (96, 6.0)):
        shape = (max(2, cells * height // width), cells)
        coarse = rng.normal(0, strength, (*shape, 1)) + rng.normal(0, strength / 4, (*shape, 3))
        wall += cv2.resize(coarse.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(wall, 0, 255).astype(np.uint8)


def _noise(width: int, height: int, deviation: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    return np.clip(np.rint(rng.normal(128, deviation, (height, width, 3))), 0, 255).astype(np.uint8)
