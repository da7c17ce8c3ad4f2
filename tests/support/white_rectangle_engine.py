"""A detector engine that sees white rectangles, and frames and faces to try the vision stages on."""

import datetime as dt
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edge.domain.face import Box, Face
from edge.domain.frame import Frame
from edge.vision.align import ARCFACE_TEMPLATE
from edge.vision.yunet import STRIDES
from engines.errors import InferenceError
from engines.runtime.base import Engine, Precision

FloatArray = NDArray[np.float32]


class WhiteRectangleEngine(Engine):
    """Answers in YuNet's layout with one face: the bounding box of all white pixels of its input.

    Attributes:
        largest_px: a longer box scores only ``weak_score``.
        passes: how often it ran.
        fault: when set, raised by the next inference.
    """

    runtime = "fake"

    def __init__(self, width: int, height: int) -> None:
        super().__init__(model_id="fake", precision=Precision.FP32, input_shape=(1, 3, height, width))
        self.largest_px, self.weak_score, self.passes = 10_000.0, 0.0, 0
        self.fault: InferenceError | None = None
        self.outputs = empty_outputs(width, height)

    def _activate(self) -> None: ...

    def _deactivate(self) -> None: ...

    def _infer(self, batch: FloatArray) -> Mapping[str, FloatArray]:
        self.passes += 1
        if self.fault:
            raise self.fault
        for value in self.outputs.values():
            value[...] = 0
        rows, columns = np.nonzero(batch[0, 0] > 250)
        if rows.size:
            box = (columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)
            score = 0.9 if max(box[2:]) <= self.largest_px else self.weak_score
            plant(self.outputs, self.input_shape[3], tuple(map(float, box)), score)
        return self.outputs


def empty_outputs(width: int, height: int) -> dict[str, FloatArray]:
    return {
        f"{kind}_{s}": np.zeros((1, (height // s) * (width // s), channels), np.float32)
        for kind, channels in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
        for s in STRIDES
    }


def plant(outputs: dict[str, FloatArray], width: int, box: tuple[float, ...], score: float, stride: int = 8) -> None:
    """Write a face with its landmarks on the template's places of its box."""
    x, y, w, h = box
    center = np.array([x + w / 2, y + h / 2])
    cell = np.minimum(center // stride, [width // stride - 1, 1e9])
    row = int(cell[1]) * (width // stride) + int(cell[0])
    outputs[f"cls_{stride}"][0, row] = outputs[f"obj_{stride}"][0, row] = score
    outputs[f"bbox_{stride}"][0, row] = [*(center / stride - cell), np.log(w / stride), np.log(h / stride)]
    points = np.array([x, y]) + ARCFACE_TEMPLATE / 112 * [w, h]
    outputs[f"kps_{stride}"][0, row] = (points / stride - cell).ravel()


def make_frame(pixels: NDArray[np.uint8], seq: int = 1) -> Frame:
    when = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return Frame(camera_id="test", seq=seq, captured_ns=0, captured_utc=when, pixels=pixels)


def make_face(x: float, y: float, width: float, height: float) -> Face:
    landmarks = (np.array([x, y]) + ARCFACE_TEMPLATE / 112 * [width, height]).astype(np.float32)
    return Face(frame_seq=1, box=Box(x, y, width, height), landmarks=landmarks, score=0.9)
