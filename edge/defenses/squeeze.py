"""Feature squeezing: a face survives a coarser picture, a fine perturbation does not.

Xu, Evans and Qi, "Feature Squeezing", NDSS 2018. The statistic is the embedding shift, 1 - cosine. Each squeezer has
a threshold of its own for each model: four bits move a smooth, dim face more than a median ever does, and one
threshold for all would leave the others without a say. An attacker who optimizes through the squeezers keeps the
shift small; see docs/defenses.
"""

import random
from collections.abc import Mapping

from edge.defenses.base import Check, ViewEvidence, error_finding, finding_of
from edge.domain.face import Face
from edge.domain.finding import Finding
from engines.render.spec import Squeeze, ViewSpec

SQUEEZERS = (Squeeze.BITS4, Squeeze.MEDIAN3, Squeeze.GAUSS5)
SQUEEZED_VIEWS = tuple(ViewSpec(name=f"squeeze-{s}", squeeze=s) for s in SQUEEZERS)


class SqueezeDefense:
    """No squeezer may move either model's embedding far.

    Args:
        shift_thresholds: most shift, 1 - cosine, by model id and squeezer.
    """

    name = "squeeze"

    def __init__(self, *, shift_thresholds: Mapping[str, Mapping[str, float]]) -> None:
        self._shift_thresholds = {model: dict(thresholds) for model, thresholds in shift_thresholds.items()}

    def views(self, face: Face, rng: random.Random) -> tuple[ViewSpec, ...]:
        """Name one view a squeezer."""
        del face, rng
        return SQUEEZED_VIEWS

    def judge(self, evidence: ViewEvidence) -> Finding:
        """Compare the shift of each model under each squeezer with its threshold."""
        try:
            plain = evidence.plain
            checks = []
            for model, thresholds in self._shift_thresholds.items():
                vectors = evidence.vectors[model].astype(float)
                for squeezer, view in zip(SQUEEZERS, SQUEEZED_VIEWS, strict=True):
                    shift = float(1.0 - vectors[evidence.row(view.name)] @ vectors[plain])
                    checks.append(Check(f"{squeezer} shift {model}", shift, thresholds[squeezer], is_floor=False))
        except (KeyError, IndexError) as error:
            return error_finding(self.name, f"missing evidence: {error}")
        return finding_of(self.name, checks)
