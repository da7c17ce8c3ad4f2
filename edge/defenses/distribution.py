"""Baseline distribution: the plain embedding of each model must lie where embeddings of real faces lie.

Mahalanobis distance (Lee et al., NeurIPS 2018), isolation forest and one-class machine over embeddings. Whoever aims
at a real person's template aims into the cloud, and whoever knows the baseline adds its scores to the loss (Carlini
and Wagner, AISec 2017): it is a tripwire, not a wall; see docs/defenses.
"""

import random
from collections.abc import Iterable

from edge.defenses.base import Check, ViewEvidence, error_finding, finding_of
from edge.domain.baseline import CHECKS, Baseline
from edge.domain.face import Face
from edge.domain.finding import Finding
from engines.render.spec import ViewSpec


class Distribution:
    """No model's plain embedding may be strange to its baseline.

    Args:
        baselines: one a model. A model without one cannot be judged: an ERROR, never a PASS.
    """

    name = "distribution"

    def __init__(self, baselines: Iterable[Baseline]) -> None:
        self._baselines = {baseline.model_id: baseline for baseline in baselines}

    def views(self, face: Face, rng: random.Random) -> tuple[ViewSpec, ...]:
        """Name no view: the plain one is enough."""
        del face, rng
        return ()

    def judge(self, evidence: ViewEvidence) -> Finding:
        """Compare every score of every model with its threshold."""
        checks = []
        try:
            row = evidence.plain
            missing = self._baselines.keys() - evidence.vectors.keys()
            if missing:
                return error_finding(self.name, f"missing evidence: no embedding of {', '.join(sorted(missing))}")
            for model_id, vectors in evidence.vectors.items():
                baseline = self._baselines[model_id]
                scores = baseline.scores(vectors[row : row + 1])
                checks += [
                    Check(
                        f"{name} {model_id}",
                        float(scores[name][0]),
                        baseline.thresholds[name],
                        is_floor=True,
                    )
                    for name in CHECKS
                ]
        except (KeyError, IndexError, ValueError) as error:
            return error_finding(self.name, f"missing evidence: {error}")
        return finding_of(self.name, checks)
