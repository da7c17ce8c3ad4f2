"""Curves and histograms of a report as diagrams."""

import math
from collections.abc import Sequence
from statistics import NormalDist

from calibration.page.diagram import Axis, Diagram, Spot, Trace
from calibration.report.curves import Curve, Histogram

_FRR_TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
_LEAST_SHARE = 1e-6
_NORMAL = NormalDist()


def roc(curves: Sequence[Curve]) -> Diagram:
    """Return TAR over FAR, FAR by logarithm, with the profile's own thresholds marked."""
    lowest = min(tar for curve in curves for tar in (*(t for _, t in curve.points), curve.marked[1]))
    first = math.floor(10 * min(lowest, 0.9)) / 10
    ticks = [first + (1 - first) * i / 5 for i in range(6)]
    y = Axis("TAR", tuple((tick, f"{tick:.2f}") for tick in ticks))
    traces = [Trace(_label(curve), tuple(Spot(far, tar) for far, tar in curve.points)) for curve in curves]
    marks = [_mark(curve, curve.marked[0], curve.marked[1]) for curve in curves]
    x = Axis("FAR, logarithmic", _decades(curves), scale=math.log10)
    return Diagram("ROC: TAR over FAR", _told("ROC", curves), x, y, (*traces, *marks))


def det(curves: Sequence[Curve]) -> Diagram:
    """Return FRR over FAR, both by normal deviate (Martin et al., Eurospeech 1997).

    Where scores of both kinds are normally distributed, the line is straight.
    """
    far_ticks = (*_decades(curves)[:-1], (0.4, "0.4"))
    x = Axis("FAR, normal deviate", far_ticks, scale=_NORMAL.inv_cdf)
    y = Axis("FRR", tuple((tick, f"{tick:g}") for tick in _FRR_TICKS), scale=_NORMAL.inv_cdf)
    traces = [
        Trace(_label(curve), tuple(Spot(far, 1 - tar) for far, tar in curve.points if far <= 0.4 and tar < 1))
        for curve in curves
    ]
    marks = [_mark(curve, curve.marked[0], 1 - curve.marked[1]) for curve in curves]
    return Diagram("DET: FRR over FAR", _told("DET", curves), x, y, (*traces, *marks))


def histogram(found: Histogram) -> Diagram:
    """Return shares of scores by score, shares by logarithm; the threshold is the upright line."""
    middles = [(a + b) / 2 for a, b in zip(found.edges[:-1], found.edges[1:], strict=True)]
    low, high = math.floor(10 * found.edges[0]) / 10, math.ceil(10 * found.edges[-1]) / 10
    x = Axis(f"score of {found.name}", tuple((v, f"{v:.2f}") for v in (low + (high - low) * i / 6 for i in range(7))))
    y = Axis("share", tuple((10.0**e, f"1e{e}") for e in range(-6, 1)), scale=math.log10)
    traces = tuple(
        Trace(label, tuple(Spot(m, max(share, _LEAST_SHARE)) for m, share in zip(middles, shares, strict=True)))
        for label, shares in (("genuine", found.genuine), ("impostor", found.impostor))
    )
    upright = Trace("threshold", (Spot(found.threshold, _LEAST_SHARE), Spot(found.threshold, 1.0)))
    told = f"shares of genuine and impostor scores of {found.name}; threshold {found.threshold:.4g}"
    return Diagram(f"Scores of {found.name}", told, x, y, (*traces, upright))


def _mark(curve: Curve, x: float, y: float) -> Trace:
    far, tar = curve.marked
    words = f"{curve.name} at the profile's threshold: FAR {far:.4g}, TAR {tar:.4g}"
    return Trace(words, (Spot(x, y, words=words),), has_dots=True)


def _label(curve: Curve) -> str:
    return f"{curve.name} (genuine {curve.genuine}, impostors {curve.impostors})"


def _decades(curves: Sequence[Curve]) -> tuple[tuple[float, str], ...]:
    least = math.floor(math.log10(1 / max(curve.impostors for curve in curves)))
    return tuple((10.0**e, f"1e{e}") for e in range(least, 1))


def _told(kind: str, curves: Sequence[Curve]) -> str:
    return f"{kind} of {', '.join(curve.name for curve in curves)}"
