"""What an attempt that was granted measured: plain numbers, of nobody in particular, for the site's daily picture."""

import math
from collections.abc import Sequence

from edge.domain.assessment import Assessment

_OF_FINDING = "distribution"
_CHECK = "ellipsoid "  # the smoothest of the baseline's scores: a forest's steps and a machine's sum say less


def measures_of(assessments: Sequence[Assessment]) -> dict[str, float] | None:
    """Return the numbers of the last verified frame, by statistic; None when there is none.

    ``fused``: the fused score. ``ellipsoid-MODEL``: how ordinary the model's embedding is. ``sharpness`` and
    ``brightness``: of the face, as the quality gate has them. What is missing or not finite is left out.
    """
    last = next((a for a in reversed(assessments) if a.verified is not None and a.findings), None)
    if last is None or last.verified is None:
        return None
    found = {"fused": last.verified.fused}
    for finding in last.findings:
        if finding.defense == _OF_FINDING:
            found |= {n.replace(" ", "-"): value for n, value in finding.measured if n.startswith(_CHECK)}
    if last.quality is not None:
        found |= {"sharpness": last.quality.sharpness, "brightness": last.quality.brightness}
    return {name: float(value) for name, value in found.items() if math.isfinite(value)}
