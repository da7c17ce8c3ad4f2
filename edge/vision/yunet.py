"""Decoding of YuNet's raw outputs into faces, in numpy.

YuNet (Wu, Peng and Yu, "YuNet: a tiny millisecond-level face detector", Machine Intelligence Research 20, 2023) has
no anchor boxes: each cell of three grids (strides 8, 16 and 32 px) may hold one face.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
STRIDES = (8, 16, 32)
_CHANNELS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
_LARGEST_LOG_SIZE = 10.0  # keeps exp() finite; such a box is dropped anyway
_LARGEST_SHARE = 2.0  # a box more than twice as long as the input is not a face
_SLACK = 1 - 1e-5  # room for float32 rounding between a squared threshold and the score itself
_NO_ROWS: FloatArray = np.empty((0, 3 + sum(_CHANNELS.values())), np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeLimits:
    """What counts as a face.

    Attributes:
        threshold: least score, 0..1.
        most_overlap: intersection over union from which the weaker of two boxes is dropped.
        most_candidates: only so many best-scored cells go into the suppression, which bounds its time.
    """

    threshold: float
    most_overlap: float = 0.3
    most_candidates: int = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Faces in input pixels, best score first.

    Attributes:
        boxes: float32 (n, 4): x, y, width, height.
        landmarks: float32 (n, 5, 2): right eye, left eye, nose tip, right and left mouth corner.
        scores: float32 (n,), 0..1.
    """

    boxes: FloatArray
    landmarks: FloatArray
    scores: FloatArray


class YuNetDecoder:
    """Decodes for one input size."""

    def __init__(self, width: int, height: int) -> None:
        """Prepare the grids of an input of ``width`` x ``height`` px, multiples of 32.

        Raises:
            ValueError: the sides are not positive multiples of the largest stride.
        """
        if min(width, height) <= 0 or width % STRIDES[-1] or height % STRIDES[-1]:
            raise ValueError(f"YuNet takes sides that are multiples of {STRIDES[-1]}, got {width} x {height}")
        self._longest_px = _LARGEST_SHARE * max(width, height)
        self._cells: dict[int, FloatArray] = {}
        for stride in STRIDES:
            rows, columns = np.indices((height // stride, width // stride)).reshape(2, -1)
            self._cells[stride] = np.stack([columns, rows], axis=1).astype(np.float32)

    def decode(self, outputs: Mapping[str, FloatArray], limits: DecodeLimits) -> Detections:
        """Return the faces in one picture's outputs; nothing returned shares memory with ``outputs``.

        Args:
            outputs: ``cls_S``, ``obj_S``, ``bbox_S`` and ``kps_S`` for S in 8, 16, 32, each (1, cells, channels),
                cells in raster order. Score = sqrt(cls * obj); center = (cell + bbox[:2]) * S; size =
                exp(bbox[2:]) * S; landmark = (cell + kps) * S.
            limits: what counts as a face.

        Raises:
            ValueError: an output is missing or of another shape.
        """
        rows = np.concatenate([self._rows(outputs, stride, limits.threshold) for stride in STRIDES])
        found = self._faces(rows, limits.threshold)
        order = np.argsort(-found.scores, kind="stable")[: limits.most_candidates]
        boxes = found.boxes[order]
        kept = suppressed(boxes, limits.most_overlap)
        order = order[kept]
        return Detections(boxes[kept], found.landmarks[order], found.scores[order])

    def _rows(self, outputs: Mapping[str, FloatArray], stride: int, threshold: float) -> FloatArray:
        """Return one grid's likely faces in raster order: stride, cell x and y, then what the four outputs say."""
        cls, obj, bbox, kps = (self._output(outputs, kind, stride) for kind in _CHANNELS)
        # Nearly every cell falls here: a product of raw scores is never below that of the clamped ones.
        likely = np.flatnonzero(cls * obj >= _SLACK * threshold**2)
        if not likely.size:
            return _NO_ROWS
        strides = np.full((likely.size, 1), stride, np.float32)
        cells = self._cells[stride]
        return np.concatenate([strides, *(part[likely] for part in (cells, cls, obj, bbox, kps))], axis=1)

    def _faces(self, rows: FloatArray, threshold: float) -> Detections:
        """Return the faces among rows, in their order."""
        strides, cells, bbox = rows[:, :1], rows[:, 1:3], rows[:, 5:9]
        scores = np.sqrt(rows[:, 3:5].clip(0, 1).prod(axis=1))
        sizes = np.exp(np.minimum(bbox[:, 2:], _LARGEST_LOG_SIZE)) * strides
        boxes = np.concatenate([(cells + bbox[:, :2]) * strides - sizes / 2, sizes], axis=1)
        landmarks = (cells[:, None] + rows[:, 9:].reshape(-1, 5, 2)) * strides[:, None]
        good = ((sizes > 0) & (sizes <= self._longest_px)).all(axis=1) & (scores >= threshold)
        return Detections(boxes[good], landmarks[good], scores[good])

    def _output(self, outputs: Mapping[str, FloatArray], kind: str, stride: int) -> FloatArray:
        value, wanted = outputs.get(f"{kind}_{stride}"), (1, len(self._cells[stride]), _CHANNELS[kind])
        if value is None or value.shape != wanted:
            got = "nothing" if value is None else value.shape
            raise ValueError(f"YuNet's {kind}_{stride} must be {wanted}, got {got}")
        rows: FloatArray = value[0]
        return rows


def suppressed(boxes: FloatArray, most_overlap: float) -> NDArray[np.intp]:
    """Return the indices of ``boxes`` (n, 4), best first, that overlap no kept better one too much.

    Greedy non-maximum suppression: a box goes when its intersection over union with a better one that stays is above
    ``most_overlap``.
    """
    ends = boxes[:, :2] + boxes[:, 2:]
    areas = boxes[:, 2] * boxes[:, 3]
    left = np.arange(len(boxes))
    kept = []
    while left.size:
        best, left = left[0], left[1:]
        kept.append(best)
        shared = np.minimum(ends[best], ends[left]) - np.maximum(boxes[best, :2], boxes[left, :2])
        overlap = shared.clip(min=0).prod(axis=1)
        left = left[overlap <= most_overlap * (areas[best] + areas[left] - overlap)]
    return np.array(kept, np.intp)
