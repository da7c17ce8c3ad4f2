"""Fits a profile on split A and writes it, unsigned: who looked at it signs it."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import JsonValue

from calibration.fitting.fit import ALONE_FAR, CHECK_FRR, FLOOR_FAR, MATCH_FAR, Fit, fit_split_a
from calibration.pictures.faces import FacePicture, FaceReader
from edge.daemon.models import SCREENING, SECOND, Models
from edge.domain.clock import SystemClock
from edge.domain.profile import Agreement, GallerySize, Profile, QualityLimits, SignedBy
from edge.trust.profile_writing import dump_profile
from edge.vision.quality import measure
from engines.progress import Progress

DETECTOR_THRESHOLD = 0.8  # chosen on photographs of groups and of things without faces, not on split A
LEAST_WIDTH_PX = 40.0  # both models see 112 and 160 px; below this their crops hold more interpolation than face
MOST_WIDTH_SHARE = 0.95
MOST_PEOPLE = 100  # FPIR is counted as that many comparisons at MATCH_FAR: an upper bound
LIFETIME = dt.timedelta(days=365)
HIGHEST_PLAIN_SCORE = 1.0  # no cap on what drops are measured from
QUALITY_SLACK = 2.0  # a door is less kind than press photographs: limits lie so many times beyond split A's extremes

_OPEN = QualityLimits(
    least_width_px=1.0,
    most_width_share=1.0,
    least_sharpness=0.0,
    least_brightness=0.0,
    most_brightness=255.0,
    most_yaw_ratio=10.0,
)


def fit_profile(people: Mapping[str, Sequence[Path]], models: Models, folder: Path, progress: Progress) -> Profile:
    """Fit on ``people`` (split A alone) and write the profile into ``folder``.

    Raises:
        EdgeError: pictures cannot be read, an engine fails, or the folder cannot be written.
    """
    reader = FaceReader(models, detector_threshold=DETECTOR_THRESHOLD)
    fit = fit_split_a(
        people, reader, screen_model=SCREENING, second_model=SECOND, measure=_quality_of, progress=progress
    )
    return dump_profile(
        _profile(fit, models, SystemClock().utc()),
        folder,
        data=f"{fit.pictures} pictures of {fit.people} people: split A (first byte of sha256(name) below 0x80)",
        data_digest=_digest(people),
        measured=_measured(fit),
    )


def _profile(fit: Fit, models: Models, now: dt.datetime) -> Profile:
    return Profile(
        name="default",
        signed_by=SignedBy.NOBODY,
        key_id="",
        created=now,
        expires=now + LIFETIME,
        digest="",
        bindings=models.bindings,
        detector_threshold=DETECTOR_THRESHOLD,
        screen_threshold=fit.screen_threshold,
        screen_model=SCREENING,
        match=fit.match,
        random_score_threshold=fit.random_score_threshold,
        random_spread_thresholds=fit.random_spread_thresholds,
        plain_score_caps=dict.fromkeys(fit.match.weights, HIGHEST_PLAIN_SCORE),
        squeeze_thresholds=fit.squeeze_thresholds,
        agreement=Agreement(
            source=SECOND, target=SCREENING, weights=fit.agreement.weights, threshold=fit.agreement_threshold
        ),
        quality=QualityLimits(
            least_width_px=LEAST_WIDTH_PX,
            most_width_share=MOST_WIDTH_SHARE,
            least_sharpness=float(np.quantile(fit.quality["sharpness"], CHECK_FRR)) / QUALITY_SLACK,
            least_brightness=float(np.quantile(fit.quality["brightness"], CHECK_FRR)) / QUALITY_SLACK,
            most_brightness=min(250.0, float(np.quantile(fit.quality["brightness"], 1 - CHECK_FRR)) * QUALITY_SLACK),
            most_yaw_ratio=float(np.quantile(np.abs(fit.quality["yaw"]), 1 - CHECK_FRR)),
        ),
        duplicate_threshold=fit.match.threshold,
        gallery=GallerySize(most_people=MOST_PEOPLE, fpir=MOST_PEOPLE * MATCH_FAR),
    )


def _quality_of(picture: FacePicture) -> Mapping[str, float]:
    quality = measure(picture.frame, picture.face, _OPEN)
    return {"sharpness": quality.sharpness, "brightness": quality.brightness, "yaw": quality.yaw_ratio}


def _measured(fit: Fit) -> dict[str, JsonValue]:
    return {
        "match_far": MATCH_FAR,
        "floor_far": FLOOR_FAR,
        "alone_far": ALONE_FAR,
        "refused_by_each_check": CHECK_FRR,
        "impostor_pairs": fit.impostor_pairs,
        "genuine_attempts": fit.genuine_attempts,
        "agreement_penalty": fit.agreement.penalty,
        "tar_at_far_1e-4_by_weight": {key: round(rate, 5) for key, rate in fit.tar.items()},
    }


def _digest(people: Mapping[str, Sequence[Path]]) -> str:
    digest = hashlib.sha256()
    for name in sorted(people):
        for path in people[name]:
            digest.update(f"{name}/{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
