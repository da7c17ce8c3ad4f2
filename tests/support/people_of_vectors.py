"""People made of vectors alone: each a direction, each picture a noisy one."""

from pathlib import Path
from typing import Any

import numpy as np

from calibration.pictures.faces import FacePicture
from calibration.statistics.score_set import Readings
from edge.daemon.models import SCREENING, SECOND

MODELS = (SCREENING, SECOND)
_NOTHING: Any = None


def people_of_vectors(counts: list[int], *, noise: float = 0.3, dimensions: int = 32, seed: int = 5) -> Readings:
    """Return readings of people with so many pictures each, under both models."""
    rng = np.random.default_rng(seed)
    owners = np.repeat(np.arange(len(counts)), counts)
    own = _unit(rng.normal(size=(len(counts), dimensions)))
    faces = own[owners] + noise * _unit(rng.normal(size=(len(owners), dimensions)))
    # What one model makes of a face is much like what the other makes of it, as of real faces.
    vectors = {m: _unit(faces + 0.2 * _unit(rng.normal(size=faces.shape))) for m in MODELS}
    pictures = tuple(
        FacePicture(Path(f"{row}.jpg"), _NOTHING, _NOTHING, {m: vectors[m][row : row + 1] for m in MODELS})
        for row in range(len(owners))
    )
    numbers = np.concatenate([np.arange(count) for count in counts])
    return Readings(tuple(f"p{i:03}" for i in range(len(counts))), owners, numbers, pictures)


def _unit(rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    unit: np.ndarray[Any, Any] = (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)
    return unit
