"""Agreement of the two models: one embedding, mapped linearly, must predict the other.

Unnervik et al., "Model Pairing Using Embedding Translation" (arXiv 2402.18718): a linear map between two recognition
models' embeddings fits clean faces. A perturbation made for one model moves one embedding and leaves the other, and
the map shows it. An attacker who reaches the target in both is not seen here.
"""

import random

import numpy as np

from edge.defenses.base import Check, FloatArray, ViewEvidence, error_finding, finding_of
from edge.domain.face import Face
from edge.domain.finding import Finding
from edge.domain.profile import Agreement
from engines.render.spec import ViewSpec


class Agree:
    """The mapped embedding of the plain view must point where the other model's does."""

    name = "agree"

    def __init__(self, agreement: Agreement) -> None:
        self._agreement = agreement

    def views(self, face: Face, rng: random.Random) -> tuple[ViewSpec, ...]:
        """Name no view: the plain one is enough."""
        del face, rng
        return ()

    def judge(self, evidence: ViewEvidence) -> Finding:
        """Compare the cosine between mapped and real embedding with the threshold."""
        try:
            source = evidence.vectors[self._agreement.source][evidence.plain]
            target = evidence.vectors[self._agreement.target][evidence.plain]
        except (KeyError, IndexError) as error:
            return error_finding(self.name, f"missing evidence: {error}")
        cosine = agreement_cosine(self._agreement, source, target)
        return finding_of(self.name, [Check("agreement", cosine, self._agreement.threshold, is_floor=True)])


def agreement_cosine(agreement: Agreement, source: FloatArray, target: FloatArray) -> float:
    """Return the cosine between ``source`` (d_s,) mapped by ``agreement`` and ``target`` (d_t,); NaN if undefined."""
    weights = agreement.weights.astype(np.float64)
    mapped = source.astype(np.float64) @ weights[:-1] + weights[-1]
    norm = float(np.linalg.norm(mapped) * np.linalg.norm(target))
    return float(mapped @ target) / norm if norm > 0 else float("nan")
