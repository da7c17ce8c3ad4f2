"""The role of an engine together with what renders its input: it is shown views of frames, and answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engines.render.spec import CropGeometry, ViewSpec

FloatArray = NDArray[np.float32]
Pixels = NDArray[np.uint8]

SAMPLE_STEP = 7
"""Of a picture every so many pixels are kept as its sample; no divisor of a convolution's stride."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a model made of a batch.

    Attributes:
        rows: float32 (n, d), its output as it is, a row a picture. Valid until the next answer: copy to keep it.
        sample: float32 (n, 3, h, w), every ``SAMPLE_STEP``-th pixel of the pictures as the model saw them; as valid.
    """

    rows: FloatArray
    sample: FloatArray


class ViewEngine(Protocol):
    """One compiled engine and its input batch, wherever that lies. Not thread-safe."""

    @property
    def batch(self) -> int:
        """How many pictures it takes at once."""

    @property
    def takes_nv12(self) -> bool:
        """Whether it may be shown NV12 frames (h * 3 / 2, w) as well: BT.601, limited range."""

    def show(self, row: int, pixels: Pixels, crop: CropGeometry, views: Sequence[ViewSpec]) -> None:
        """Render views of a frame into the input batch, from ``row`` on.

        Args:
            row: of the first view, from 0.
            pixels: uint8 (height, width, 3), BGR, the whole frame, or NV12 if it takes that; not changed, and not
                needed afterwards.
            crop: where this model's crop lies in it.
            views: as many as fit.

        Raises:
            ValueError: the frame, the crop or a view cannot be rendered, or the views do not fit.
            DeviceError: the device failed.
        """

    def answer(self, count: int) -> Answer:
        """Run the model on what was shown, and return what it made of the first ``count`` pictures.

        Raises:
            InferenceError: it failed, or gave a number that is not finite.
            DeviceError: the device failed.
        """


def check_room(row: int, views: Sequence[ViewSpec], batch: int) -> None:
    """Refuse views that do not fit a batch.

    Raises:
        ValueError: they do not.
    """
    if row < 0 or row + len(views) > batch:
        raise ValueError(f"{len(views)} views from row {row} on do not fit a batch of {batch}")
