"""Draws diagrams as SVG elements, for use inside an HTML page: colors and fonts are the page's, by class."""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from calibration.page.diagram import Axis, Diagram, Trace
from edge.domain.visible_text import visible

WIDTH = 640
_HEIGHT = 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 16, 48
_LEGEND_PX, _LEGEND_TOP = 20, _HEIGHT + 14
_APART_PX = 5  # between the interval bars of neighboring lines
_STYLES = 8


def svg_of(diagram: Diagram) -> str:
    """Return the diagram; it is told in words too, for who does not see it."""
    height = _LEGEND_TOP + _LEGEND_PX * len(diagram.traces)
    root = ET.Element("svg", {"viewBox": f"0 0 {WIDTH} {height}", "role": "img", "class": "curve"})
    _text_in(ET.SubElement(root, "title"), diagram.told)
    _axes(root, diagram)
    for index, trace in enumerate(diagram.traces):
        group = ET.SubElement(root, "g", {"class": f"line s{index % _STYLES}"})
        has_bars = any(spot.interval for spot in trace.spots)
        _draw(group, trace, diagram, _APART_PX * (index - (len(diagram.traces) - 1) / 2) if has_bars else 0.0)
        _legend(group, trace, _LEGEND_TOP + _LEGEND_PX * index)
    return ET.tostring(root, encoding="unicode")


def _x(axis: Axis, value: float) -> float:
    return _LEFT + axis.inset_px + (WIDTH - _LEFT - _RIGHT - 2 * axis.inset_px) * axis.share(value)


def _y(axis: Axis, value: float) -> float:
    return _TOP + axis.inset_px + (_HEIGHT - _TOP - _BOTTOM - 2 * axis.inset_px) * (1 - axis.share(value))


def _axes(root: ET.Element, diagram: Diagram) -> None:
    for value, words in diagram.y.ticks:
        y = _y(diagram.y, value)
        if diagram.y.has_grid:
            _stroke(root, "grid", (_LEFT, y), (WIDTH - _RIGHT, y))
        _text(root, words, _LEFT - 8, y + 4, "end")
    for value, words in diagram.x.ticks:
        x = _x(diagram.x, value)
        if diagram.x.has_grid:
            _stroke(root, "grid", (x, _TOP), (x, _HEIGHT - _BOTTOM))
        _text(root, words, x, _HEIGHT - _BOTTOM + 20, "middle")
    _text(root, diagram.x.label, (_LEFT + WIDTH - _RIGHT) / 2, _HEIGHT - 8, "middle")


def _draw(group: ET.Element, trace: Trace, diagram: Diagram, aside: float) -> None:
    points = []
    for spot in trace.spots:
        x, y = _x(diagram.x, spot.x) + aside, _y(diagram.y, spot.y)
        points.append(f"{x:.1f},{y:.1f}")
        if spot.interval:
            low, high = spot.interval
            _stroke(group, "bar", (x, _y(diagram.y, low)), (x, _y(diagram.y, high)))
        if trace.has_dots:
            dot = ET.SubElement(group, "circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "4"})
            _text_in(ET.SubElement(dot, "title"), spot.words)
    ET.SubElement(group, "polyline", {"points": " ".join(points)})


def _legend(group: ET.Element, trace: Trace, y: float) -> None:
    ET.SubElement(group, "polyline", {"points": f"{_LEFT},{y:.1f} {_LEFT + 28},{y:.1f}"})
    _text(group, trace.label, _LEFT + 36, y + 4, "start")


def _stroke(parent: ET.Element, name: str, begin: tuple[float, float], end: tuple[float, float]) -> None:
    places: Iterator[tuple[str, float]] = zip(("x1", "y1", "x2", "y2"), (*begin, *end), strict=True)
    ET.SubElement(parent, "line", {"class": name} | {key: f"{value:.1f}" for key, value in places})


def _text(parent: ET.Element, text: str, x: float, y: float, anchor: str) -> None:
    _text_in(ET.SubElement(parent, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}), text)


def _text_in(element: ET.Element, text: str) -> None:
    element.text = visible(text)
