"""The masks and families that the gate's certificate was chosen among."""

from collections.abc import Iterator
from dataclasses import dataclass

from calibration.certificate.family import BANDS, BLACK, GRAY, SIDE_PX, WORN, band
from edge.domain.certificate import Mask

FILLS = (BLACK, GRAY)

_BAND_HEIGHTS_PX = (24, 32, 40, 56)
_BAND_STEP_PX = 8
_WINDOW_SIDES_PX = (40, 48, 56)
_WINDOWS_ACROSS = 3
_EYES_PX = (44, 60)
"""Rows of the crop that hold the eyes."""


@dataclass(frozen=True, slots=True)
class Family:
    """Masks that are hidden in turn.

    Attributes:
        name: what it is called.
        masks: of it.
    """

    name: str
    masks: tuple[Mask, ...]


def single_masks() -> Iterator[Mask]:
    """Yield bands of several heights at every phase, windows, and halves; each black and gray."""
    for fill in FILLS:
        for height in _BAND_HEIGHTS_PX:
            for top in range(0, SIDE_PX - height + 1, _BAND_STEP_PX):
                yield band(f"band-{height}-at-{top}-fill-{fill}", "single", top, top + height, fill=fill)
        for side in _WINDOW_SIDES_PX:
            for x, y in _places(side):
                yield rectangle(f"window-{side}-at-{x}-{y}-fill-{fill}", (x, y, side, side), fill=fill)
        yield from _halves(fill)


def families() -> tuple[Family, ...]:
    """Return families that hide about as much: the gate's bands, what is worn alone, windows, and all of it."""
    worn = {
        "forehead": band("forehead", "single", 0, 40, fill=GRAY),
        "lower-face": band("lower-face", "single", 56, 112, fill=GRAY),
        "eyes": band("eyes", "single", 36, 68, fill=BLACK),
    }
    windows = tuple(rectangle(f"window-{x}-{y}", (x, y, 56, 56), fill=_fill(y, 56)) for x, y in _places(56))
    return (
        Family("bands", BANDS),
        Family("worn: bands of 40, 32 and 56", WORN),
        Family("windows of 56", windows),
        Family("worn, halves and windows", (*worn.values(), *_halves(GRAY), *windows)),
    )


def rectangle(name: str, place_px: tuple[int, int, int, int], *, fill: int) -> Mask:
    """Return a mask at (x, y, width, height) of the crop."""
    x, y, width, height = (side / SIDE_PX for side in place_px)
    return Mask(name=name, group="single", x=x, y=y, width=width, height=height, fill=fill)


def _halves(fill: int) -> tuple[Mask, Mask]:
    half = SIDE_PX // 2
    return (
        rectangle(f"left-half-fill-{fill}", (0, 0, half, SIDE_PX), fill=fill),
        rectangle(f"right-half-fill-{fill}", (half, 0, half, SIDE_PX), fill=fill),
    )


def _places(side: int) -> Iterator[tuple[int, int]]:
    starts = [round(i * (SIDE_PX - side) / (_WINDOWS_ACROSS - 1)) for i in range(_WINDOWS_ACROSS)]
    for y in starts:
        for x in starts:
            yield x, y


def _fill(top: int, height: int) -> int:
    """Return black where all of the eyes' rows are hidden, gray elsewhere."""
    return BLACK if top <= _EYES_PX[0] and _EYES_PX[1] <= top + height else GRAY
