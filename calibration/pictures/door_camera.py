"""What a door camera makes of a photograph: smaller faces, poor light, sensor noise, blur and compression.

Press photographs are kinder than doors. Thresholds of defenses, which measure how an embedding moves when a picture
is disturbed, are fitted on both, or they would refuse genuine people whose picture is merely poor.
"""

import hashlib
import random
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

SHRINK = (0.5, 1.0)
GAIN = (0.4, 1.15)
GAMMA = (0.8, 1.3)
NOISE_LEVELS = (0.0, 4.0)
BLUR_PX = (0.0, 0.8)
JPEG_QUALITY = (50, 95)


def door_camera(pixels: NDArray[np.uint8], *, number: int) -> NDArray[np.uint8]:
    """Return what a simulated door camera makes of a photograph; the same photograph always meets the same camera.

    Args:
        pixels: uint8 BGR (h, w, 3).
        number: which of many cameras, each under other conditions.
    """
    digest = hashlib.sha256(pixels.tobytes()).digest()
    return seen_by_door_camera(pixels, random.Random(f"{number} {digest.hex()}"))  # noqa: S311  # reproducible


def seen_by_door_camera(pixels: NDArray[np.uint8], rng: random.Random) -> NDArray[np.uint8]:
    """Return a photograph as a door camera might deliver it.

    Args:
        pixels: uint8 BGR (h, w, 3).
        rng: draws the conditions; the same state gives the same picture.
    """
    shrink = rng.uniform(*SHRINK)
    size = (max(16, round(pixels.shape[1] * shrink)), max(16, round(pixels.shape[0] * shrink)))
    small: NDArray[Any] = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    blur = rng.uniform(*BLUR_PX)
    if blur > 0.2:
        small = cv2.GaussianBlur(small, (0, 0), blur)
    lit = 255.0 * (np.clip(small, 0, 255) / 255.0) ** rng.uniform(*GAMMA) * rng.uniform(*GAIN)
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0.0, rng.uniform(*NOISE_LEVELS), lit.shape)
    raw: NDArray[np.uint8] = np.clip(lit + noise + 0.5, 0, 255).astype(np.uint8)
    is_encoded, data = cv2.imencode(".jpg", raw, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(*JPEG_QUALITY)])
    if not is_encoded:
        return raw
    decoded: NDArray[np.uint8] = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return decoded
