"""Whether a picture matches a person: the seam between who decides on one picture and who counts visits.

Whatever decides on single pictures, with or without defenses, is counted by the same code
(:mod:`calibration.evaluation.visits`): it need only be a ``Matcher``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from calibration.certificate.reading import Rows as Copies
from calibration.fitting.operating_point import passes
from calibration.statistics.score_set import Readings, against_everybody
from edge.domain.certificate import Certificate
from edge.domain.profile import MatchPoint

Rows = NDArray[np.int64]


class Matcher(Protocol):
    """Says which pictures match which people."""

    def matched(self, readings: Readings, templates: Sequence[Rows], probes: Rows) -> NDArray[np.bool_]:
        """Return whether each probe matches each person; bool (probes, people).

        Args:
            readings: everybody's pictures.
            templates: rows of the pictures that each person is enrolled with; of nobody enrolled, none.
            probes: rows of the pictures that ask.
        """
        ...


@dataclass(frozen=True, slots=True)
class PointMatcher:
    """Matches as the gate scores, by the fused score and every model's floor. No defense is asked.

    Attributes:
        point: the operating point.
    """

    point: MatchPoint

    def matched(self, readings: Readings, templates: Sequence[Rows], probes: Rows) -> NDArray[np.bool_]:
        """Return whether each probe matches each person; bool (probes, people)."""
        scores = {}
        for model in self.point.weights:
            vectors = readings.vectors(model)
            scores[model] = against_everybody([vectors[rows] for rows in templates], vectors[probes])
        fused = np.sum([np.float32(w) * scores[m] for m, w in self.point.weights.items()], axis=0)
        return passes(self.point, scores, fused)


@dataclass(frozen=True, slots=True, eq=False)
class CertifiedMatcher:
    """Matches where another matcher does and every occluded copy does too.

    Attributes:
        plain: that other matcher.
        certificate: masks and thresholds.
        copies: float32 (pictures, masks, d), everybody's occluded copies, in the order of the readings.
    """

    plain: Matcher
    certificate: Certificate
    copies: Copies

    def matched(self, readings: Readings, templates: Sequence[Rows], probes: Rows) -> NDArray[np.bool_]:
        """Return whether each probe matches each person; bool (probes, people)."""
        accepted = self.plain.matched(readings, templates, probes)
        own = self.certificate.centered(self.copies[probes])
        for person, rows in enumerate(templates):
            if len(rows):
                scores = np.einsum("nmd,md->nm", own, self.certificate.template(self.copies[rows]))
                accepted[:, person] &= self.certificate.holds(scores).all(axis=1)
        return accepted
