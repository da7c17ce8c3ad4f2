"""The least of YuNet's decoding: enough to prove that an engine finds the same faces, and no more.

Each head of stride s gives one row a cell (r, c) of the picture's grid, in row-major order. With class and object
scores in 0..1, the score is ``sqrt(cls * obj)``; the box has its center at ``((c + b0) * s, (r + b1) * s)`` and size
``(exp(b2) * s, exp(b3) * s)``; point i lies at ``((c + k_2i) * s, (r + k_2i+1) * s)`` (as OpenCV's FaceDetectorYN).
"""

from collections.abc import Mapping

import numpy as np

from engines.runtime.base import FloatArray

STRIDES = (8, 16, 32)
ROW_VALUES = 17
"""Stride, row, score, box x, y, width, height, five points x, y."""


def score_rows(outputs: Mapping[str, FloatArray]) -> Mapping[int, FloatArray]:
    """Return the score of every row, by stride."""
    scores = {}
    for stride in STRIDES:
        class_score = np.clip(outputs[f"cls_{stride}"].reshape(-1), 0.0, 1.0)
        object_score = np.clip(outputs[f"obj_{stride}"].reshape(-1), 0.0, 1.0)
        scores[stride] = np.sqrt(class_score * object_score)
    return scores


def decode_rows(outputs: Mapping[str, FloatArray], width_px: int, stride: int, rows: FloatArray) -> FloatArray:
    """Return rows of one head in pixels of the picture.

    Args:
        outputs: an inference of one picture.
        width_px: width of the picture.
        stride: which head.
        rows: indices of rows, any numeric type.

    Returns:
        float32 (count, 17), as ``ROW_VALUES`` tells.
    """
    index = np.asarray(rows).astype(np.int64)
    per_line = width_px // stride
    cell = np.stack([index % per_line, index // per_line], axis=-1).astype(np.float32)
    box = outputs[f"bbox_{stride}"][0, index]
    points = outputs[f"kps_{stride}"][0, index].reshape(-1, 5, 2)
    size = np.exp(box[:, 2:]) * stride
    corner = (cell + box[:, :2]) * stride - size / 2
    found = (points + cell[:, None]) * stride
    head = np.stack([np.full(len(index), stride), index, score_rows(outputs)[stride][index]], axis=-1)
    return np.concatenate([head, corner, size, found.reshape(-1, 10)], axis=-1).astype(np.float32)


def rows_above(outputs: Mapping[str, FloatArray], width_px: int, score: float) -> FloatArray:
    """Return all rows of all heads whose score is above ``score``: float32 (count, 17)."""
    scores = score_rows(outputs)
    found = [decode_rows(outputs, width_px, s, np.flatnonzero(scores[s] > score).astype(np.float32)) for s in STRIDES]
    return np.concatenate(found)
