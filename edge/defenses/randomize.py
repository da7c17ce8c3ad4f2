"""Random resize-and-pad: a perturbation tuned to one pixel grid loses its hold on another.

Xie et al., "Mitigating Adversarial Effects Through Randomization", ICLR 2018. By itself it raises the perturbation
needed about threefold and falls to an attacker who averages over draws (Athalye et al., ICML 2018); here it is one
voice among several, and its draws come from the operating system's random source, new on every frame.
"""

import random
from collections.abc import Mapping

import numpy as np

from edge.defenses.base import Check, ViewEvidence, error_finding, finding_of
from edge.domain.face import Face
from edge.domain.finding import Finding
from engines.render.spec import Region, ViewSpec

VIEW_COUNT = 4
LEAST_SIDE = 299 / 331  # Xie et al. resize to 299..331 of 331 pixels


class Randomize:
    """Every random view must still score high, and none may fall far below the plain view.

    A drop is measured from the plain score, but from no more than genuine scores reach: an enrolled picture that is
    shown again scores 1 plainly and has further to fall than any other of the same person.

    Args:
        score_threshold: least mean fused score over the random views.
        spread_thresholds: most drop from the plain score to the lowest random view, by model id.
        plain_score_caps: most that the plain score counts there, by model id.
    """

    name = "randomize"

    def __init__(
        self,
        *,
        score_threshold: float,
        spread_thresholds: Mapping[str, float],
        plain_score_caps: Mapping[str, float],
    ) -> None:
        self._score_threshold = score_threshold
        self._spread_thresholds = dict(spread_thresholds)
        self._plain_score_caps = dict(plain_score_caps)

    def views(self, face: Face, rng: random.Random) -> tuple[ViewSpec, ...]:
        """Draw ``VIEW_COUNT`` shrunken, shifted placements of the crop."""
        del face
        return random_views(rng)

    def judge(self, evidence: ViewEvidence) -> Finding:
        """Compare the random views' scores with the thresholds."""
        try:
            rows = [evidence.row(f"random-{i}") for i in range(VIEW_COUNT)]
            plain = evidence.plain
            checks = [
                Check("mean random score", float(np.mean(evidence.fused[rows])), self._score_threshold, is_floor=True)
            ]
            for model, threshold in self._spread_thresholds.items():
                scores = evidence.scores[model]
                start = np.minimum(scores[plain], self._plain_score_caps[model])  # NaN stays NaN
                drop = float(start - np.min(scores[rows]))
                checks.append(Check(f"random drop {model}", drop, threshold, is_floor=False))
        except (KeyError, IndexError) as error:
            return error_finding(self.name, f"missing evidence: {error}")
        return finding_of(self.name, checks)


def random_views(rng: random.Random) -> tuple[ViewSpec, ...]:
    """Return ``VIEW_COUNT`` freshly drawn views."""
    return tuple(_draw(f"random-{i}", rng) for i in range(VIEW_COUNT))


def _draw(name: str, rng: random.Random) -> ViewSpec:
    side = rng.uniform(LEAST_SIDE, 1.0)
    return ViewSpec(name=name, inner=Region(rng.uniform(0, 1 - side), rng.uniform(0, 1 - side), side, side))
