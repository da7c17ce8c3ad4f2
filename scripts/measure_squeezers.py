"""Measures two squeezers that the gate does not use: JPEG, and total variation (Guo and others, ICLR 2018).

Prints, for each model, the shift (1 - cosine) that each squeezer leaves on genuine pictures of split A, the shift
that one of two hundred of them exceeds, how many attacked pictures exceed it, and what a face costs. Example::

    python scripts/measure_squeezers.py --images DATA/lfw campaign/pictures/joint_pgd-20_impersonation_eps4
"""

import argparse
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.pictures.frames import frame_of
from calibration.pictures.identities import split_a
from edge.capture.picture import read_picture
from edge.daemon.models import Models, load_models
from edge.domain.clock import SystemClock
from edge.domain.face import Face
from edge.settings.load import load_settings
from edge.vision.align import crop_geometry
from edge.vision.detect import FaceDetector
from engines.render.spec import PLAIN

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
Shifts = dict[tuple[str, str], list[float]]

_SHARE = 0.005
_QUALITY = 75
_WEIGHT, _STEPS = 10.0, 30  # of total variation, gray levels; steps enough that more move nothing
_STEP = 0.25  # the largest that is known to converge
_MARGIN = 0.3
_DETECTOR_THRESHOLD = 0.8


def jpeg(patch: Picture) -> Picture:
    """Return a patch as JPEG delivers it."""
    encoded = cv2.imencode(".jpg", patch, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


def total_variation(patch: Picture) -> Picture:
    """Return a patch with less total variation, channel by channel (Chambolle, J. Math. Imaging 20, 2004)."""
    levels = patch.astype(np.float32)
    right, down = np.zeros_like(levels), np.zeros_like(levels)
    for _ in range(_STEPS):
        rest = _divergence(right, down) - levels / np.float32(_WEIGHT)
        across = np.diff(rest, axis=1, append=rest[:, -1:])
        along = np.diff(rest, axis=0, append=rest[-1:])
        norm = 1 + _STEP * np.hypot(across, along)
        right = np.asarray((right + _STEP * across) / norm, np.float32)
        down = np.asarray((down + _STEP * along) / norm, np.float32)
    return np.clip(levels - _WEIGHT * _divergence(right, down), 0, 255).astype(np.uint8)


def _divergence(right: Floats, down: Floats) -> Floats:
    none = np.float32(0)
    summed = np.diff(right, axis=1, prepend=none) + np.diff(down, axis=0, prepend=none)
    return np.asarray(summed, np.float32)


SQUEEZERS: dict[str, Callable[[Picture], Picture]] = {"jpeg": jpeg, "total-variation": total_variation}


def squeezed(pixels: Picture, face: Face, squeeze: Callable[[Picture], Picture]) -> tuple[Picture, float]:
    """Return the frame with the surroundings of a face squeezed, and the milliseconds that it took."""
    box, frame = face.box, pixels.copy()
    left, top = max(0, int(box.x - _MARGIN * box.width)), max(0, int(box.y - _MARGIN * box.height))
    right, bottom = int(box.x + (1 + _MARGIN) * box.width), int(box.y + (1 + _MARGIN) * box.height)
    start = time.perf_counter()
    frame[top:bottom, left:right] = squeeze(pixels[top:bottom, left:right])
    return frame, (time.perf_counter() - start) * 1e3


def shifts_of(pictures: Iterable[Path], models: Models, took_ms: dict[str, list[float]]) -> Shifts:
    """Return the shifts of all pictures with a face, by squeezer and model."""
    detector = FaceDetector(models.detector, threshold=_DETECTOR_THRESHOLD)
    found: Shifts = {}
    for path in pictures:
        pixels = read_picture(path)
        face = next(iter(detector.find(frame_of(pixels, SystemClock()))), None)
        if face is None:
            continue
        for name, squeeze in SQUEEZERS.items():
            changed, ms = squeezed(pixels, face, squeeze)
            took_ms.setdefault(name, []).append(ms)
            for stage in models.stages:
                crop = crop_geometry(stage.crop_recipe, face)
                before, after = (stage.embedder.embed_one(p, crop, PLAIN).vector for p in (pixels, changed))
                found.setdefault((name, stage.model_id), []).append(1 - float(before @ after))
    return found


def spread_out(files: Sequence[Path], count: int) -> Sequence[Path]:
    """Return about ``count`` files, spread over all."""
    return files[:: max(1, len(files) // count)][:count]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="folder of identities")
    parser.add_argument("--genuine", type=int, default=200, help="pictures of split A")
    parser.add_argument("--attacked", type=int, default=20, help="pictures of each folder")
    parser.add_argument("folders", type=Path, nargs="*", help="folders of attacked pictures")
    asked = parser.parse_args()
    people = split_a(asked.images)
    genuine = spread_out([people[name][0] for name in sorted(people)], asked.genuine)
    with load_models(load_settings(environ={}).engine) as models:
        took_ms: dict[str, list[float]] = {}
        shifts = shifts_of(genuine, models, took_ms)
        limits = {key: float(np.quantile(values, 1 - _SHARE)) for key, values in shifts.items()}
        for (name, model), limit in limits.items():
            print(f"{name} {model}: limit {limit:.4f}, {np.median(took_ms[name]):.1f} ms a face")
        for folder in asked.folders:
            attacked = shifts_of(spread_out(sorted(folder.glob("*.png")), asked.attacked), models, {})
            for (name, model), values in attacked.items():
                over = sum(value > limits[name, model] for value in values)
                print(f"{folder.name} {name} {model}: {over} of {len(values)} over, median {np.median(values):.4f}")


if __name__ == "__main__":
    main()
