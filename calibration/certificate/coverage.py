"""Which patches lie wholly inside a mask: the first condition of the certificate, as a table.

A patch counts as covered when its upright bounding box, grown by the support of everything that spreads a pixel
before the mask is painted (resampling, chroma subsampling), lies inside one mask. Positions are those of the aligned
crop of 112 pixels to a side.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.domain.certificate import Mask
from edge.vision.occlusion import DILATION_PX

SIDE_PX = 112.0


@dataclass(frozen=True, slots=True)
class Box:
    """An upright box of the crop, pixels; the crop reaches from 0 to 112."""

    left: float
    top: float
    right: float
    bottom: float

    def grown(self, by: float) -> "Box":
        """Return the box, larger to every side; what lies off the crop is never seen and needs no cover."""
        return Box(
            max(0.0, self.left - by),
            max(0.0, self.top - by),
            min(SIDE_PX, self.right + by),
            min(SIDE_PX, self.bottom + by),
        )

    def is_within(self, mask: Mask) -> bool:
        """Whether all of it lies inside a mask."""
        left, top = mask.x * SIDE_PX, mask.y * SIDE_PX
        return (
            left <= self.left
            and top <= self.top
            and self.right <= left + mask.width * SIDE_PX
            and self.bottom <= top + mask.height * SIDE_PX
        )


WORN: dict[str, Box] = {
    "glasses": Box(11, 39, 101, 65),
    "eye band": Box(14, 41, 98, 62),
    "forehead sticker": Box(24, 7, 88, 34),
    "brow-deep hat": Box(0, 0, 112, 36),
    "respirator": Box(20, 58, 92, 112),
    "chin and mouth sticker": Box(24, 78, 88, 112),
    "eye and nose": Box(22, 38, 74, 80),
    "left half": Box(56, 0, 112, 112),
    "right half": Box(0, 0, 56, 112),
}
"""What people can wear, by its bounding box."""

SQUARES_PX = (16, 24, 32, 40, 48)


@dataclass(frozen=True, slots=True)
class Covered:
    """A row of the table.

    Attributes:
        shape: what it is.
        masks: names of the masks that hold it; squares: of those that hold it somewhere.
        share: of its positions that some mask holds; 1 or 0 for what is worn where it is worn.
    """

    shape: str
    masks: tuple[str, ...]
    share: float


def coverage(masks: Sequence[Mask]) -> tuple[Covered, ...]:
    """Return the table: what is worn, then squares at every position that lies on the crop as a whole."""
    worn = [_worn(shape, box, masks) for shape, box in WORN.items()]
    return (*worn, *(_square(side, masks) for side in SQUARES_PX))


def _worn(shape: str, box: Box, masks: Sequence[Mask]) -> Covered:
    held = tuple(mask.name for mask in masks if box.grown(DILATION_PX).is_within(mask))
    return Covered(shape, held, float(bool(held)))


def _square(side: int, masks: Sequence[Mask]) -> Covered:
    starts = np.arange(0, SIDE_PX - side + 1)
    held: set[str] = set()
    covered = 0
    for x in starts:
        for y in starts:
            box = Box(x, y, x + side, y + side).grown(DILATION_PX)
            holders = [mask.name for mask in masks if box.is_within(mask)]
            held.update(holders)
            covered += bool(holders)
    share = side * side / SIDE_PX**2
    return Covered(f"square of {side} px ({share:.1%}), anywhere", tuple(sorted(held)), covered / len(starts) ** 2)
