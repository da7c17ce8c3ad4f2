"""Fits a profile on split A and writes it, unsigned: who looked at it signs it."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydantic import JsonValue

from calibration.certificate.reading import OccludedReader
from calibration.fitting.attack_evidence import AttackEvidence, basis_of
from calibration.fitting.attempts import genuine_attempts
from calibration.fitting.baseline import require_scikit_learn
from calibration.fitting.defense_points import DETECTOR
from calibration.fitting.figures import Measured, measured_on
from calibration.fitting.fit import Fit, Readers, fit_split_a
from calibration.fitting.granted import usual_of
from calibration.fitting.material import read_material
from calibration.fitting.operating_point import ALONE_FAR, Goal
from calibration.pictures.embedding_cache import EmbeddingCache
from calibration.pictures.faces import FaceReader
from calibration.pictures.identities import split_a, split_b
from calibration.statistics.intervals import require_exact_intervals
from edge.daemon.models import SCREENING, SECOND, Models
from edge.defenses.squeeze import SQUEEZERS
from edge.domain.clock import SystemClock
from edge.domain.detector_head import DetectorHead
from edge.domain.errors import UsageError
from edge.domain.profile import Agreement, GallerySize, Profile, QualityLimits, SignedBy
from edge.trust.profile_writing import dump_profile
from edge.vision.quality import measure
from engines.progress import Progress

DETECTOR_THRESHOLD = 0.8  # chosen on photographs of groups and of things without faces, not on split A
LEAST_WIDTH_PX = 40.0  # both models see 112 and 160 px; below this their crops hold more interpolation than face
MOST_WIDTH_SHARE = 0.95
LIFETIME = dt.timedelta(days=365)
MOST_YAW_RATIO = 2.0  # the measure ends there, where the nose lies beyond an eye
QUALITY_FRR = 0.003  # of genuine pictures that each limit of the quality gate may refuse, before the slack
QUALITY_SLACK = 2.0  # a door is less kind than press photographs: limits lie so many times beyond split A's extremes

_OPEN = QualityLimits(
    least_width_px=1.0,
    most_width_share=1.0,
    least_sharpness=0.0,
    least_brightness=0.0,
    most_brightness=255.0,
    most_yaw_ratio=10.0,
)


def fit_profile(
    images: Path,
    models: Models,
    folder: Path,
    goal: Goal,
    cache: EmbeddingCache | None,
    progress: Progress,
    attacks: AttackEvidence | None = None,
) -> Profile:
    """Fit on split A of a folder of identities, measure on split B, and write the profile into ``folder``.

    Args:
        images: folder of identities.
        models: that run.
        folder: of the profile.
        goal: FPIR and number of people.
        cache: of embeddings; None = none.
        progress: shown meanwhile.
        attacks: what the learned head is fitted on; None = the profile has no head.

    Raises:
        UsageError: the folder is not there, or holds too few people for the goal, or the attacks were measured with
            something else.
        EdgeError: an engine failed, or a folder cannot be written.
    """
    require_scikit_learn()
    require_exact_intervals()
    readers = Readers(
        faces=FaceReader(models, detector_threshold=DETECTOR_THRESHOLD, cache=cache),
        occluded=OccludedReader(models, SCREENING, detector_threshold=DETECTOR_THRESHOLD, cache=cache),
        screen_model=SCREENING,
        second_model=SECOND,
    )
    people = split_a(images)
    digest = split_digest(people)
    if attacks is not None:
        refuse_other_basis(attacks, digest, models)
    fit = fit_split_a(read_material(people, readers.faces, progress, split="A"), readers, goal, progress, attacks)
    agreement = Agreement(
        source=SECOND, target=SCREENING, weights=fit.agreement.weights, threshold=fit.points.agreement
    )
    others = read_material(split_b(images), readers.faces, progress, split="B")
    attempts = genuine_attempts(others, readers.faces, fit.match.point, progress)
    measured = measured_on(fit, others, attempts, agreement)
    return dump_profile(
        _profile(fit, agreement, models, SystemClock().utc()),
        folder,
        data=(
            f"{len(fit.material.plain.owners)} pictures of {len(people)} people: split A (first byte of sha256(name)"
            f" below 0x80), each as it is and as a door camera sees it; figures: split B"
        ),
        data_digest=digest,
        figures=measured.figures,
        measured=_measured(fit, measured),
    )


def _profile(fit: Fit, agreement: Agreement, models: Models, now: dt.datetime) -> Profile:
    point, points = fit.match.point, fit.points
    return Profile(
        name="default",
        signed_by=SignedBy.NOBODY,
        key_id="",
        created=now,
        expires=now + LIFETIME,
        digest="",
        bindings=models.bindings,
        detector_threshold=DETECTOR_THRESHOLD,
        screen_threshold=point.floors[SCREENING],
        screen_model=SCREENING,
        match=point,
        random_score_threshold=points.random_score,
        random_spread_thresholds={m: points.random_drop(m) for m in point.weights},
        plain_score_caps={m: max(cap, point.floors[m]) for m, cap in fit.caps.items()},
        squeeze_thresholds={m: {s: points.shift(m, s) for s in SQUEEZERS} for m in point.weights},
        agreement=agreement,
        quality=_quality(fit),
        duplicate_threshold=point.threshold,
        gallery=GallerySize(most_people=fit.goal.most_people, fpir=fit.goal.fpir),
        certificates=fit.certificates,
        baselines=tuple(replace(f.baseline, thresholds=points.baseline(m)) for m, f in fit.baselines.items()),
        pixel_limits=points.pixels,
        granted=usual_of(
            fit.attempts,
            fit.material,
            point,
            {m: f.held_out["ellipsoid"][fit.attempts.rows] for m, f in fit.baselines.items()},
            _OPEN,
        ),
        detector_head=_detector_head(fit),
    )


def _detector_head(fit: Fit) -> DetectorHead | None:
    return None if fit.head is None else replace(fit.head.head, threshold=fit.points.thresholds[DETECTOR])


def _quality(fit: Fit) -> QualityLimits:
    pictures = [*fit.material.plain.pictures, *fit.material.seen.pictures]
    every = [measure(picture.frame, picture.face, _OPEN) for picture in pictures]
    sharpness, brightness = (np.array([getattr(q, name) for q in every]) for name in ("sharpness", "brightness"))
    yaw = np.abs([q.yaw_ratio for q in every])
    return QualityLimits(
        least_width_px=LEAST_WIDTH_PX,
        most_width_share=MOST_WIDTH_SHARE,
        least_sharpness=float(np.quantile(sharpness, QUALITY_FRR)) / QUALITY_SLACK,
        least_brightness=float(np.quantile(brightness, QUALITY_FRR)) / QUALITY_SLACK,
        most_brightness=min(250.0, float(np.quantile(brightness, 1 - QUALITY_FRR)) * QUALITY_SLACK),
        most_yaw_ratio=min(MOST_YAW_RATIO, float(np.quantile(yaw, 1 - QUALITY_FRR)) * QUALITY_SLACK),
    )


def _measured(fit: Fit, measured: Measured) -> dict[str, JsonValue]:
    return {
        "false_match_rate_aimed": fit.goal.fmr,
        "floor_far": dict(fit.match.floor_fars),
        "alone_far": ALONE_FAR,
        "impostor_comparisons": fit.material.scores.comparisons,
        "frr": fit.match.frr,
        "far_if_one_model_is_forged": fit.match.forged_far,
        "genuine_attempts": len(fit.attempts),
        "agreement_penalty": fit.agreement.penalty,
        "defenses": {
            "refused_by_each": fit.shares.each,
            "refused_together": fit.shares.together,
            "refused_together_on_split_b": measured.refused_together,
            "refused_together_on_split_b_ci95": list(measured.refused_ci95),
            "attempts_on_split_b": measured.attempts,
        },
    }


def refuse_other_basis(attacks: AttackEvidence, data_digest: str, models: Models) -> None:
    """Return if ``attacks`` were measured with these models and a profile fitted on these pictures.

    Raises:
        UsageError: with something else.
    """
    if attacks.basis != basis_of(data_digest, models.bindings):
        raise UsageError(
            "the evidence of attacks was measured with other models, or a profile fitted on other pictures",
            hint="fit without --attacks, name that profile in policy.profile, make the evidence, and fit again",
        )


def split_digest(people: Mapping[str, Sequence[Path]]) -> str:
    """Return the sha256 over names and contents of a split's pictures, in hexadecimal."""
    digest = hashlib.sha256()
    for name in sorted(people):
        for path in people[name]:
            digest.update(f"{name}/{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
