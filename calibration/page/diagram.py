"""What a diagram shows: axes with any scale, and lines with or without dots and interval bars."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spot:
    """A point of a line.

    Attributes:
        x: along the x axis.
        y: along the y axis.
        interval: (low, high) of ``y``; None = no bar is drawn.
        words: told where the pointer rests on its dot.
    """

    x: float
    y: float
    interval: tuple[float, float] | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """A line of a diagram.

    Attributes:
        label: who and what, for the legend.
        spots: points in order.
        has_dots: whether every point is marked.
    """

    label: str
    spots: tuple[Spot, ...]
    has_dots: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis.

    Attributes:
        label: what grows along it, with its unit.
        ticks: (value, how it is written), ascending; the first and last are the ends.
        scale: monotonic; equal steps of it are equally long.
        inset_px: room between the frame and the ends.
        has_grid: whether a line is drawn across at every tick.
    """

    label: str
    ticks: tuple[tuple[float, str], ...]
    scale: Callable[[float], float] = float
    inset_px: float = 0.0
    has_grid: bool = True

    def share(self, value: float) -> float:
        """Return how far along the axis a value lies, 0..1; what lies past an end is drawn at the end."""
        low, high = self.scale(self.ticks[0][0]), self.scale(self.ticks[-1][0])
        clipped = min(max(value, self.ticks[0][0]), self.ticks[-1][0])
        return (self.scale(clipped) - low) / ((high - low) or 1.0)


@dataclass(frozen=True, slots=True)
class Diagram:
    """Lines between two axes.

    Attributes:
        title: what it shows.
        told: the same for who does not see it.
        x: the axis along the bottom.
        y: the axis along the left; its label stands in the title alone.
        traces: one or more.
    """

    title: str
    told: str
    x: Axis
    y: Axis
    traces: tuple[Trace, ...]
