"""The patch certificate as the gate holds it: what is hidden in turn, and how alike each occluded copy must be."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """A part of the aligned crop that one copy does without.

    Attributes:
        name: unique within a certificate.
        group: masks of one group share a bound, such as ``forehead`` or ``eyes``.
        x: left edge, as a share of the crop's side.
        y: upper edge.
        width: to the right edge.
        height: to the lower edge.
    """

    name: str
    group: str
    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        ends = (self.x, self.y, self.x + self.width, self.y + self.height)
        if not all(-1e-9 <= end <= 1 + 1e-9 for end in ends) or self.width <= 0 or self.height <= 0:
            raise ValueError(f"a mask must lie on the crop and have an area, got {self}")
