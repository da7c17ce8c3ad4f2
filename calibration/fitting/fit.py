"""Fits every number of the profile on split A, with the gate's own stages and defenses."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.certificate.fit import fitted_certificates
from calibration.certificate.reading import OccludedReader
from calibration.certificate.survey import Surveyor
from calibration.fitting.agreement import AgreementFit, fit_agreement
from calibration.fitting.attack_evidence import AttackEvidence
from calibration.fitting.attempts import Attempts, genuine_attempts
from calibration.fitting.baseline import BaselineFit, fit_baseline
from calibration.fitting.defense_points import DETECTOR, DefensePoints, defense_measures, plain_score_caps
from calibration.fitting.detector_head import Genuine, HeadFit, fit_head, genuine_columns, would_be_granted
from calibration.fitting.material import Material
from calibration.fitting.operating_point import Candidate, Goal, fit_match
from calibration.pictures.faces import FaceReader
from calibration.statistics.joint_refusal import Measure, Shares, share_out
from edge.domain.baseline import CHECKS
from edge.domain.certificate import Certificate
from edge.domain.profile import MatchPoint
from engines.progress import Progress

DEFENSES_FRR = 0.01
"""Genuine attempts that all defenses but the certificate may refuse together on split A. On people who fitted nothing
they may cost 2 %, and there they refuse about half as many again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """What looks at pictures.

    Attributes:
        faces: finds and embeds faces.
        occluded: embeds their occluded copies.
        screen_model: model id of the screening model, which also carries the certificate.
        second_model: model id of the other one.
    """

    faces: FaceReader
    occluded: OccludedReader
    screen_model: str
    second_model: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """Everything fitted, and what it rests on."""

    goal: Goal
    match: Candidate
    caps: Mapping[str, float]
    points: DefensePoints
    shares: Shares
    agreement: AgreementFit
    baselines: Mapping[str, BaselineFit]
    certificates: tuple[Certificate, ...]
    material: Material
    attempts: Attempts
    head: HeadFit | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checked:
    """Genuine attempts, and what the checks that learned from people say of each.

    Attributes:
        attempts: what was measured.
        agreement: the map between the models.
        baselines: by model id.
        left_out: float64 (n,) by check, as judged by a fit that has not seen the person.
    """

    attempts: Attempts
    agreement: AgreementFit
    baselines: Mapping[str, BaselineFit]
    left_out: Mapping[str, NDArray[np.float64]]

    @property
    def genuine(self) -> Genuine:
        """The attempts as a learned head sees them."""
        columns = genuine_columns(self.attempts, self.left_out, plain_score_caps(self.attempts))
        return Genuine(columns=columns, owners=self.attempts.owners)


def fit_split_a(
    material: Material, readers: Readers, goal: Goal, progress: Progress, attacks: AttackEvidence | None = None
) -> Fit:
    """Fit.

    Args:
        material: split A.
        readers: look at pictures.
        goal: FPIR and number of people.
        progress: shown meanwhile.
        attacks: what a head learns from; None = there is no head.

    Raises:
        UsageError: there are too few pictures for the goal, or too few attacks.
        EdgeError: an engine failed.
    """
    screen, second = readers.screen_model, readers.second_model
    match = fit_match(material.scores, goal)
    checked = checked_attempts(material, readers.faces, match.point, (screen, second), progress)
    attempts = checked.attempts
    measures = defense_measures(attempts, match.point, checked.left_out)
    head = _head(checked, attacks, match.point)
    if head is not None:
        measures[DETECTOR] = Measure(head.held_out, is_floor=False)
    shares = share_out(measures, DEFENSES_FRR)
    surveyor = Surveyor(readers.faces, readers.occluded, progress)
    return Fit(
        goal=goal,
        match=match,
        caps=plain_score_caps(attempts),
        points=DefensePoints(shares.thresholds),
        shares=shares,
        agreement=checked.agreement,
        baselines=checked.baselines,
        certificates=fitted_certificates(material.people, surveyor, screen),
        material=material,
        attempts=attempts,
        head=head,
    )


def checked_attempts(
    material: Material, faces: FaceReader, point: MatchPoint, models: tuple[str, str], progress: Progress
) -> Checked:
    """Run the defenses on genuine attempts, and fit the checks that learn from people, each person left out once.

    Args:
        material: a split.
        faces: finds and embeds faces.
        point: the operating point.
        models: the screening model and the other one.
        progress: shown meanwhile.

    Raises:
        UsageError: nobody comes who matches their own template.
        EdgeError: an engine failed.
    """
    screen, second = models
    attempts = genuine_attempts(material, faces, point, progress)
    agreement = fit_agreement(material.vectors(second), material.vectors(screen), material.owners)
    baselines = _baselines(material, models, progress)
    left_out = _left_out(attempts, agreement, baselines, second, screen)
    return Checked(attempts=attempts, agreement=agreement, baselines=baselines, left_out=left_out)


def _head(checked: Checked, attacks: AttackEvidence | None, point: MatchPoint) -> HeadFit | None:
    if attacks is None:
        return None
    return fit_head(checked.genuine, would_be_granted(attacks, point), tuple(point.weights))


def _baselines(material: Material, models: tuple[str, ...], progress: Progress) -> dict[str, BaselineFit]:
    progress.start("fitting the baselines", len(models))
    found = {}
    try:
        for done, model in enumerate(models, start=1):
            found[model] = fit_baseline(model, material.vectors(model), material.owners, share=DEFENSES_FRR / 10)
            progress.advance(done)
    finally:
        progress.finish()
    return found


def _left_out(
    attempts: Attempts, agreement: AgreementFit, baselines: Mapping[str, BaselineFit], source: str, target: str
) -> dict[str, NDArray[np.float64]]:
    """Return what the checks that learned from people say of each attempt when they have not seen its person."""
    found = {f"{check} {m}": fit.held_out[check][attempts.rows] for m, fit in baselines.items() for check in CHECKS}
    cosines = agreement.left_out_cosines(attempts.vectors[source], attempts.vectors[target], attempts.owners)
    return {**found, "agreement": cosines}
