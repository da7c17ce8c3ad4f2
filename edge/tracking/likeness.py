"""How much a face of this frame resembles, in place and size, a face of an earlier one."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.domain.face import Face

_MOST_GROWTH = 4.0  # in area
_LONGEST_WALK_NS = 150_000_000  # beyond this a face has to be near where it was
_STRIDE_NS = 50_000_000  # in this time a walker's face may move by its own size

Points = list[list[float]]


def likeness(
    old: Sequence[Face], new: Sequence[Face], gaps_ns: Sequence[int] = (), missed: Sequence[bool] = ()
) -> NDArray[np.float64]:
    """Return float64 (len(old), len(new)), 0..1, from box overlap and closeness of landmarks.

    Overlap is intersection over union. Closeness is 1 - mean distance of like landmarks / reach; reach is the root of
    the mean box area and grows with the time since the old face was seen: on a slow machine, or after a missed frame,
    a walker has moved on. Faces that do not touch and differ more than twofold in size score 0.

    It is the mean of both. But a walker's face does not overlap with where it was two frames ago, so of a face that
    nobody looked for since, a moment ago, it is the larger of both. A face that was looked for in vain may be gone
    and another one come: it has to be nearer.

    Args:
        old: faces seen before.
        new: faces seen now.
        gaps_ns: how long ago each of ``old`` was seen; empty = just now.
        missed: which of ``old`` were looked for since then and not found; empty = none.
    """
    # Plain floats: there are one or two faces, and small arrays cost more than they save.
    before, now = ([face.landmarks.tolist() for face in faces] for faces in (old, new))
    reaches = [1 + min(gap, _LONGEST_WALK_NS) / _STRIDE_NS for gap in gaps_ns] or [1.0] * len(old)
    lost = missed or [False] * len(gaps_ns)
    walks = [0 < gap <= _LONGEST_WALK_NS and not gone for gap, gone in zip(gaps_ns, lost, strict=True)]
    combine = [max if walk else _mean for walk in walks] or [_mean] * len(old)
    scores = [
        [how(_pair(a, b, p, q, reach)) for b, q in zip(new, now, strict=True)]
        for a, p, reach, how in zip(old, before, reaches, combine, strict=True)
    ]
    return np.array(scores, np.float64).reshape(len(old), len(new))


def _pair(a: Face, b: Face, before: Points, now: Points, reach: float) -> tuple[float, float]:
    """Return (overlap, closeness)."""
    overlap = a.box.iou(b.box)
    growth = a.box.area / b.box.area
    if not overlap and not 1 / _MOST_GROWTH < growth < _MOST_GROWTH:
        return 0.0, 0.0
    distance = sum(math.dist(p, q) for p, q in zip(before, now, strict=True)) / len(before)
    size = math.sqrt((a.box.area + b.box.area) / 2)
    return overlap, max(0.0, 1 - distance / (size * reach))


def _mean(pair: tuple[float, float]) -> float:
    return sum(pair) / 2
