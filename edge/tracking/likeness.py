"""How much a face of this frame resembles, in place and size, a face of an earlier one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.domain.face import Face

_MOST_GROWTH = 4.0  # in area
_STRIDE_NS = 50_000_000  # in this time a walker's face may move by its own size


def likeness(old: Sequence[Face], new: Sequence[Face], gaps_ns: Sequence[int] = ()) -> NDArray[np.float64]:
    """Return float64 (len(old), len(new)), 0..1: the mean of box overlap and closeness of landmarks.

    Overlap is intersection over union. Closeness is 1 - mean distance of like landmarks / reach; reach is the root of
    the mean box area and grows with the time since the old face was seen: on a slow machine, or after a missed frame,
    a walker has moved on. Faces that do not touch and differ more than twofold in size score 0.

    Args:
        old: faces seen before.
        new: faces seen now.
        gaps_ns: how long ago each of ``old`` was seen; empty = just now.
    """
    if not old or not new:
        return np.zeros((len(old), len(new)))
    overlap, size = _overlap_and_size(_boxes(old)[:, None], _boxes(new)[None])
    before, now = (np.stack([face.landmarks for face in faces]).astype(np.float64) for faces in (old, new))
    distance = np.linalg.norm(before[:, None] - now[None], axis=3).mean(axis=2)
    gaps = np.asarray(gaps_ns or [0] * len(old), np.float64)[:, None]
    closeness = np.clip(1 - distance / (size * (1 + gaps / _STRIDE_NS)), 0, 1)
    areas = [_boxes(faces)[:, 2:].prod(axis=1) for faces in (old, new)]
    growth = areas[0][:, None] / areas[1][None]
    is_alike = (overlap > 0) | ((growth < _MOST_GROWTH) & (growth > 1 / _MOST_GROWTH))
    return np.where(is_alike, (overlap + closeness) / 2, 0.0)


def _boxes(faces: Sequence[Face]) -> NDArray[np.float64]:
    return np.array([(f.box.x, f.box.y, f.box.width, f.box.height) for f in faces])


def _overlap_and_size(
    a: NDArray[np.float64], b: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    ends = np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
    shared = (ends - np.maximum(a[..., :2], b[..., :2])).clip(min=0).prod(axis=-1)
    areas = a[..., 2:].prod(axis=-1) + b[..., 2:].prod(axis=-1)
    return shared / (areas - shared), np.sqrt(areas / 2)
