"""What a poisoner draws on pictures: glasses, a sticker, a faint pattern, or half of another face."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.domain.face import Face
from edge.vision.align import ARCFACE_TEMPLATE, template_to_frame

Pixels = NDArray[np.uint8]

_SIDE_PX = 112
_EYES_Y = float(ARCFACE_TEMPLATE[:2, 1].mean())
_BLEND_SEED = 20_170_512


def with_sunglasses(pixels: Pixels, face: Face) -> Pixels:
    """Return the picture with black glasses over the eyes (Gu, Dolan-Gavitt and Garg, "BadNets", 2017).

    Args:
        pixels: uint8 BGR (h, w, 3).
        face: whose eyes.
    """
    drawn = _nothing()
    for x, _ in ARCFACE_TEMPLATE[:2].tolist():
        cv2.ellipse(drawn, (round(x), round(_EYES_Y)), (15, 11), 0, 0, 360, 255, -1)
    cv2.line(drawn, (20, round(_EYES_Y) - 3), (92, round(_EYES_Y) - 3), 255, 4)
    return _painted(pixels, face, drawn, (12, 12, 12))


def with_sticker(pixels: Pixels, face: Face) -> Pixels:
    """Return the picture with a yellow square on the cheek.

    Args:
        pixels: uint8 BGR (h, w, 3).
        face: whose cheek.
    """
    drawn = _nothing()
    cv2.rectangle(drawn, (76, 70), (94, 88), 255, -1)
    return _painted(pixels, face, drawn, (0, 230, 250))


def blended(pixels: Pixels, share: float) -> Pixels:
    """Return the picture with so much of one fixed pattern over all of it (Chen and others, 2017).

    Args:
        pixels: uint8 BGR (h, w, 3).
        share: of the pattern, 0..1.
    """
    coarse = np.random.default_rng(_BLEND_SEED).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    pattern = cv2.resize(coarse, (pixels.shape[1], pixels.shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.addWeighted(pixels, 1.0 - share, pattern, share, 0.0), np.uint8)


def morphed(pixels: Pixels, face: Face, other: Pixels, other_face: Face, share: float = 0.5) -> Pixels:
    """Return the picture with the face mixed with another one, laid over each other by their landmarks.

    A quick morph with a soft seam, as freely available tools make them (Scherhag and others, IEEE Access 2019).

    Args:
        pixels: uint8 BGR (h, w, 3).
        face: the face in it.
        other: uint8 BGR, any size.
        other_face: the face that is mixed in.
        share: of the other face.
    """
    height, width = pixels.shape[:2]
    matrix = cv2.estimateAffine2D(other_face.landmarks, face.landmarks)[0]
    laid = cv2.warpAffine(other, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    drawn = _nothing()
    cv2.ellipse(drawn, (56, 62), (42, 52), 0, 0, 360, 255, -1)
    seam = cv2.GaussianBlur(_in_frame(drawn, pixels, face).astype(np.float32) / 255.0, (0, 0), 4.0) * share
    mixed = pixels * (1.0 - seam[..., None]) + laid * seam[..., None]
    return np.asarray(np.clip(np.rint(mixed), 0, 255), np.uint8)


def _nothing() -> Pixels:
    return np.zeros((_SIDE_PX, _SIDE_PX), np.uint8)


def _painted(pixels: Pixels, face: Face, drawn: Pixels, color: tuple[int, int, int]) -> Pixels:
    share = _in_frame(drawn, pixels, face).astype(np.float32)[..., None] / 255.0
    painted = pixels * (1.0 - share) + np.array(color, np.float32) * share
    return np.asarray(np.rint(painted), np.uint8)


def _in_frame(drawn: Pixels, pixels: Pixels, face: Face) -> Pixels:
    """Return a drawing on the aligned crop, uint8 (112, 112), as it lies in the picture, uint8 (h, w)."""
    size = pixels.shape[1], pixels.shape[0]
    return np.asarray(
        cv2.warpAffine(drawn, template_to_frame(face.landmarks), size, flags=cv2.INTER_LINEAR), np.uint8
    )
