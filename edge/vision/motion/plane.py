"""Follows a face as if it were a flat picture, and measures what that leaves unexplained.

Every view of a flat picture, however it is turned, tilted, moved or brought nearer, is a homography of any other view
(Hartley and Zisserman, Multiple View Geometry, 2nd ed., 2.8). So the face of a first frame is laid over each later
one by the homography that makes both most alike: from sparse Lucas-Kanade matches, then, where that leaves much, by
the enhanced correlation coefficient (Evangelidis and Psarakis, IEEE TPAMI 30(10), 2008). Noise is what remains of a
picture; parallax, eyes and mouth are what remains of a head.
"""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.vision.align import AlignmentError
from edge.vision.motion.patch import INNER, SIDE_PX, Cut, Matrix, Texture, cut, plane_of, texture, unlikeness

_POINTS: Final = np.array(
    [(x, y) for y in np.linspace(12, 68, 8) for x in np.linspace(16, 64, 7)], np.float32
).reshape(-1, 1, 2)
_LEAST_MATCHES = 20
_MOST_STEP_PX = 12.0
_INLIER_PX = 0.8
_TRIALS = 40  # bounds what a lost face costs
_ROUNDS = 2
_WINDOW = (13, 13)
_STOP = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 8, 0.03)
_STOP_FINE = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 20, 1e-5)
_MASK = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
_MASK[INNER] = 255
_LOST_FRAMES = 5  # so many lost in a row: the first frame was a bad one, or the face is another


class PlaneFollower:
    """One face over frames, against its first one. Not thread-safe.

    Args:
        enough: unlikeness up to which the first answer is good enough; above it every effort is made to explain
            the face as a flat picture.
        lost: unlikeness from which the plane found is not where the next frame begins.
    """

    def __init__(self, *, enough: float, lost: float) -> None:
        self._enough, self._lost = enough, lost
        self._first: tuple[Cut, Texture] | None = None
        self._plane = self._said = np.eye(3)
        self._lost_frames = 0

    def change(self, pixels: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> float:
        """Return how much of the face no flat picture explains, 0..2: 1 - correlation with the first frame's.

        Args:
            pixels: uint8 BGR frame (h, w, 3).
            landmarks: of the face, float32 (5, 2), frame pixels.

        Returns:
            0 for the first frame; NaN for a frame that cannot be measured.
        """
        try:
            said = plane_of(landmarks)
        except AlignmentError:
            return math.nan
        if self._first is None or self._lost_frames >= _LOST_FRAMES:
            return self._begin(pixels, said)
        moved = said @ np.linalg.inv(self._said) @ self._plane
        best, plane = self._best(pixels, (moved, said, self._plane))
        is_lost = not best < self._lost
        self._lost_frames = self._lost_frames + 1 if is_lost else 0
        self._said, self._plane = said, said if is_lost else plane
        return best

    def _begin(self, pixels: NDArray[np.uint8], said: Matrix) -> float:
        seen = cut(pixels, said)
        shown = texture(seen)
        if math.isnan(unlikeness(shown, shown)):
            return math.nan
        self._first = (seen, shown)
        self._said = self._plane = said
        self._lost_frames = 0
        return 0.0

    def _best(self, pixels: NDArray[np.uint8], starts: tuple[Matrix, ...]) -> tuple[float, Matrix]:
        best, plane = math.inf, starts[-1]
        for start in starts:
            found = self._matched(pixels, start)
            left = self._left(pixels, found)
            if left < best:
                best, plane = left, found
            if best <= self._enough:
                return best, plane
        if not math.isfinite(best):
            return math.nan, plane
        finer = self._finer(pixels, plane)
        left = self._left(pixels, finer)
        return (left, finer) if left < best else (best, plane)

    def _left(self, pixels: NDArray[np.uint8], plane: Matrix) -> float:
        if self._first is None or not np.isfinite(plane).all():
            return math.nan
        return unlikeness(self._first[1], texture(cut(pixels, plane)))

    def _matched(self, pixels: NDArray[np.uint8], plane: Matrix) -> Matrix:
        """Return the plane that sparse matches with the first frame ask for, from a start near it."""
        if self._first is None:
            return plane
        for _ in range(_ROUNDS):
            found, is_found, _ = cv2.calcOpticalFlowPyrLK(
                self._first[0],
                cut(pixels, plane),
                _POINTS,
                _POINTS.copy(),
                winSize=_WINDOW,
                maxLevel=1,
                criteria=_STOP,
            )
            step = np.linalg.norm((found - _POINTS).reshape(-1, 2), axis=1)
            is_good = (is_found.ravel() > 0) & (step < _MOST_STEP_PX)
            if int(is_good.sum()) < _LEAST_MATCHES:
                return plane
            matrix, _ = cv2.findHomography(_POINTS[is_good], found[is_good], cv2.RANSAC, _INLIER_PX, maxIters=_TRIALS)
            if matrix is None:
                return plane
            plane = plane @ np.asarray(matrix, np.float64)
        return plane

    def _finer(self, pixels: NDArray[np.uint8], plane: Matrix) -> Matrix:
        """Return the plane nearby that makes both textures most alike."""
        if self._first is None:
            return plane
        start = np.eye(3, dtype=np.float32)
        try:
            _, matrix = cv2.findTransformECC(
                self._first[1], texture(cut(pixels, plane)), start, cv2.MOTION_HOMOGRAPHY, _STOP_FINE, _MASK, 1
            )
        except cv2.error:  # it did not converge: no plane nearby explains the face better
            return plane
        finer: Matrix = plane @ np.asarray(matrix, np.float64)
        return finer
