"""The curves of a campaign as diagrams: success with its exact interval, along a logarithmic axis."""

import math

from calibration.page.diagram import Axis, Diagram, Spot, Trace
from calibration.page.svg import svg_of as drawn
from redteam.report.curves import Curve, Line

_ASIDE_PX = 40  # room for interval bars beside the first and last number


def svg_of(curve: Curve) -> str:
    """Return the diagram with interval bars; x is logarithmic, y 0 to 100 %.

    Raises:
        ConfigError: scipy is not installed.
    """
    numbers = sorted({x for line in curve.lines for x, _ in line.points})
    x = Axis(
        curve.x_label, tuple((n, f"{n:g}") for n in numbers), scale=math.log2, inset_px=_ASIDE_PX, has_grid=False
    )
    y = Axis("success", tuple((share, f"{share:.0%}") for share in (0.0, 0.25, 0.5, 0.75, 1.0)))
    told = f"{curve.title}: {'; '.join(map(_told, curve.lines))}"
    return drawn(Diagram(curve.title, told, x, y, tuple(map(_trace, curve.lines))))


def _trace(line: Line) -> Trace:
    sizes = sorted({rate.n for _, rate in line.points})
    n = str(sizes[0]) if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    spots = tuple(
        Spot(number, rate.share, rate.interval, f"{line.label}, {number:g}: {rate.words}")
        for number, rate in line.points
        if rate.share is not None
    )
    return Trace(f"{line.label} (n = {n})", spots, has_dots=True)


def _told(line: Line) -> str:
    """Return a line in words, for who does not see it."""
    return f"{line.label}: {', '.join(f'{x:g}: {rate.words}' for x, rate in line.points)}"
