"""The masks that the gate's certificate hides in turn.

Bands across the whole crop that overlap: whatever is worn across a face (hat, glasses, respirator) lies inside one,
however it sits sideways, and so does every patch no taller than their least overlap less its margins, anywhere.
``edge-gate calibrate masks`` shows what other masks would cover and cost.
"""

from collections.abc import Sequence
from dataclasses import replace

from edge.domain.certificate import Mask

SIDE_PX = 112
GRAY, BLACK = 127, 0
"""Fills. Where the eyes are hidden, black costs less than gray, as dark glasses do; elsewhere gray does."""

CHEAP, DEAR, ALL = "cheap", "dear", "all"
"""Groups: masks that leave the eyes to be seen, masks that hide them; and all of them under one bound."""


def band(name: str, group: str, top_px: int, bottom_px: int, *, fill: int) -> Mask:
    """Return a mask across the whole crop."""
    top, height = top_px / SIDE_PX, (bottom_px - top_px) / SIDE_PX
    return Mask(name=name, group=group, x=0.0, y=top, width=1.0, height=height, fill=fill)


_FOREHEAD = band("forehead", CHEAP, 0, 40, fill=GRAY)

BANDS: tuple[Mask, ...] = (
    _FOREHEAD,
    band("brow", DEAR, 24, 56, fill=BLACK),
    band("eyes", DEAR, 36, 68, fill=BLACK),
    band("nose", DEAR, 48, 76, fill=BLACK),
    band("lower-face", CHEAP, 56, 112, fill=GRAY),
)
"""Hats, glasses and respirators, and whatever is no taller than the bands' overlap."""

WORN: tuple[Mask, ...] = tuple(mask for mask in BANDS if mask.name in {"forehead", "eyes", "lower-face"})
"""Hats, glasses and respirators alone."""

BELOW_AND_ABOVE: tuple[Mask, ...] = (_FOREHEAD, band("mouth", CHEAP, 64, 112, fill=GRAY))
"""Hats, and what covers mouth and chin: where the detector finds a face again that was painted over. With the nose's
bridge hidden too, as in ``lower-face``, it finds nineteen of twenty, and those elsewhere."""


def as_one(masks: Sequence[Mask]) -> tuple[Mask, ...]:
    """Return the masks in one group, whose bound is on the union of all."""
    return tuple(replace(mask, group=ALL) for mask in masks)
