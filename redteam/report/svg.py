"""Draws curves as SVG elements, for use inside an HTML page: colors and fonts are the page's, by class."""

import math
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from edge.domain.visible_text import visible
from redteam.report.curves import Curve, Line

_WIDTH, _HEIGHT = 640, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 16, 48
_LEGEND_PX, _LEGEND_TOP = 20, _HEIGHT + 14
_APART_PX = 5  # between the interval bars of neighboring lines
_STYLES = 8


def svg_of(curve: Curve) -> str:
    """Return the diagram with interval bars; x is logarithmic, y 0 to 100 %.

    Raises:
        ConfigError: scipy is not installed.
    """
    height = _LEGEND_TOP + _LEGEND_PX * len(curve.lines)
    root = ET.Element("svg", {"viewBox": f"0 0 {_WIDTH} {height}", "role": "img", "class": "curve"})
    _text_in(ET.SubElement(root, "title"), f"{curve.title}: {'; '.join(map(_told, curve.lines))}")
    numbers = sorted({x for line in curve.lines for x, _ in line.points})
    place = _Place(numbers[0], numbers[-1])
    _axes(root, curve, numbers, place)
    for index, line in enumerate(curve.lines):
        group = ET.SubElement(root, "g", {"class": f"line s{index % _STYLES}"})
        _line(group, line, place, _APART_PX * (index - (len(curve.lines) - 1) / 2))
        _legend(group, line, _LEGEND_TOP + _LEGEND_PX * index)
    return ET.tostring(root, encoding="unicode")


class _Place:
    """Where numbers lie in the drawing, in its pixels."""

    def __init__(self, low: float, high: float) -> None:
        self._low = math.log2(low)
        self._span = (math.log2(high) - self._low) or 1.0

    def x(self, number: float) -> float:
        inner = _WIDTH - _LEFT - _RIGHT - 80
        return _LEFT + 40 + inner * (math.log2(number) - self._low) / self._span

    @staticmethod
    def y(share: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - share)


def _axes(root: ET.Element, curve: Curve, numbers: list[float], place: _Place) -> None:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = place.y(share)
        _stroke(root, "grid", (_LEFT, y), (_WIDTH - _RIGHT, y))
        _text(root, f"{share:.0%}", _LEFT - 8, y + 4, "end")
    for number in numbers:
        _text(root, f"{number:g}", place.x(number), _HEIGHT - _BOTTOM + 20, "middle")
    _text(root, curve.x_label, (_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, "middle")


def _line(group: ET.Element, line: Line, place: _Place, aside: float) -> None:
    points = []
    for number, rate in line.points:
        share, interval, x = rate.share, rate.interval, place.x(number) + aside
        if share is None or interval is None:
            continue
        points.append(f"{x:.1f},{place.y(share):.1f}")
        _stroke(group, "bar", (x, place.y(interval.low)), (x, place.y(interval.high)))
        dot = ET.SubElement(group, "circle", {"cx": f"{x:.1f}", "cy": f"{place.y(share):.1f}", "r": "4"})
        _text_in(ET.SubElement(dot, "title"), f"{line.label}, {number:g}: {rate.words}")
    ET.SubElement(group, "polyline", {"points": " ".join(points)})


def _legend(group: ET.Element, line: Line, y: float) -> None:
    ET.SubElement(group, "polyline", {"points": f"{_LEFT},{y:.1f} {_LEFT + 28},{y:.1f}"})
    sizes = sorted({rate.n for _, rate in line.points})
    n = str(sizes[0]) if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    _text(group, f"{line.label} (n = {n})", _LEFT + 36, y + 4, "start")


def _stroke(parent: ET.Element, name: str, begin: tuple[float, float], end: tuple[float, float]) -> None:
    places: Iterator[tuple[str, float]] = zip(("x1", "y1", "x2", "y2"), (*begin, *end), strict=True)
    ET.SubElement(parent, "line", {"class": name} | {key: f"{value:.1f}" for key, value in places})


def _text(parent: ET.Element, text: str, x: float, y: float, anchor: str) -> None:
    _text_in(ET.SubElement(parent, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}), text)


def _text_in(element: ET.Element, text: str) -> None:
    element.text = visible(text)


def _told(line: Line) -> str:
    """Return a line in words, for who does not see it."""
    return f"{line.label}: {', '.join(f'{x:g}: {rate.words}' for x, rate in line.points)}"
