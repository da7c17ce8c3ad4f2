"""Learned detector: a head over everything that the other defenses measured, fitted on attacks of the red team.

Carlini and Wagner, "Adversarial Examples Are Not Easily Detected", AISec 2017: ten detectors fell to attackers who
added the detector to their loss, and nothing makes this one different. It is a tripwire for attacks like the known
ones, and it can only deny; see docs/defenses.
"""

import random
from collections.abc import Mapping, Sequence

from edge.defenses.base import Check, ViewEvidence, error_finding, finding_of
from edge.defenses.evidence_vector import evidence_columns, measurements_of
from edge.domain.baseline import Baseline
from edge.domain.detector_head import DetectorHead
from edge.domain.face import Face
from edge.domain.finding import Finding
from edge.domain.profile import Agreement
from engines.render.spec import ViewSpec


class Detector:
    """The head's score of one frame may be at most its threshold.

    It reads the views that the random and the squeezed defense name: without them it is an ERROR, and so denies.

    Args:
        head: what was learned.
        agreement: the map between the two models.
        baselines: one a model.
        caps: most that a plain score counts as, by model id.
    """

    name = "detector"

    def __init__(
        self,
        head: DetectorHead,
        *,
        agreement: Agreement,
        baselines: Sequence[Baseline],
        caps: Mapping[str, float],
    ) -> None:
        self._head = head
        self._agreement = agreement
        self._baselines = tuple(baselines)
        self._caps = dict(caps)

    def views(self, face: Face, rng: random.Random) -> tuple[ViewSpec, ...]:
        """Name no view: those of the other defenses are enough."""
        del face, rng
        return ()

    def judge(self, evidence: ViewEvidence) -> Finding:
        """Compare the score with its threshold."""
        try:
            found = measurements_of(evidence, self._agreement, self._baselines)
            score = float(self._head.scores(evidence_columns(found, self._caps))[0])
        except (KeyError, IndexError, ValueError) as error:
            return error_finding(self.name, f"missing evidence: {error}")
        return finding_of(self.name, [Check("log-odds of an attack", score, self._head.threshold, is_floor=False)])
