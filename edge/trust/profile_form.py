"""The profile's two shapes: the value that the gate decides by, and the tables of its file."""

import datetime as dt
from collections.abc import Mapping

import numpy as np

from edge.domain.embedding import Binding
from edge.domain.profile import Agreement, GallerySize, MatchPoint, Profile, QualityLimits
from edge.domain.sketch import Spread
from edge.trust.array_archive import FloatArray
from edge.trust.baseline_table import (
    baseline_arrays,
    baseline_tables,
    baselines_from,
    pixel_limits_from,
    pixel_table,
)
from edge.trust.certificate_table import centers_name, certificate_tables, certificates_from
from edge.trust.detector_table import head_arrays, head_from, head_table
from edge.trust.profile_file import AGREEMENT_WEIGHTS, ProfileFile
from edge.trust.profile_signature import Voucher
from edge.trust.replay_table import replay_limits_from, replay_table


def profile_from_file(file: ProfileFile, arrays: Mapping[str, FloatArray], voucher: Voucher) -> Profile:
    """Return the profile that ``file`` and its ``arrays`` describe and that ``voucher`` stands for.

    Raises:
        ValueError: a table and its arrays do not fit together.
    """
    return Profile(
        name=file.name,
        signed_by=voucher.signed_by,
        key_id=voucher.key_id,
        created=dt.datetime.fromisoformat(file.created),
        expires=dt.datetime.fromisoformat(file.expires),
        digest=file.digest,
        bindings={
            id_: Binding(id_, model.model_digest, model.recipe_digest, model.precision_class)
            for id_, model in file.models.items()
        },
        detector_threshold=file.detector.threshold,
        screen_threshold=file.screen.threshold,
        screen_model=file.screen.model,
        match=MatchPoint(
            threshold=file.match.threshold,
            weights=dict(file.match.weights),
            floors={id_: point.threshold for id_, point in file.match.floor.items()},
            alone={id_: point.threshold for id_, point in file.match.alone.items()},
        ),
        random_score_threshold=file.randomize.score.threshold,
        random_spread_thresholds={id_: point.threshold for id_, point in file.randomize.spread.items()},
        plain_score_caps={id_: own.genuine_high for id_, own in file.match.own.items()},
        squeeze_thresholds={
            id_: {squeezer: point.threshold for squeezer, point in points.items()}
            for id_, points in file.squeeze.items()
        },
        agreement=Agreement(
            source=file.agreement.source,
            target=file.agreement.target,
            weights=arrays[AGREEMENT_WEIGHTS].astype(np.float32, copy=False),
            threshold=file.agreement.threshold,
        ),
        quality=QualityLimits(**file.quality.model_dump()),
        duplicate_threshold=file.duplicate.threshold,
        gallery=GallerySize(most_people=file.gallery.most_people, fpir=file.gallery.fpir),
        certificates=certificates_from(file.certificate, arrays),
        baselines=baselines_from(file.baseline, arrays),
        pixel_limits=None if file.sanitize is None else pixel_limits_from(file.sanitize),
        granted={name: Spread(mean=own.mean, deviation=own.deviation) for name, own in file.granted.items()},
        detector_head=None if file.detector_head is None else head_from(file.detector_head, arrays),
        replay=None if file.replay is None else replay_limits_from(file.replay),
    )


def arrays_from_profile(profile: Profile) -> dict[str, FloatArray]:
    """Return the arrays of ``profile``'s archive by name."""
    return {
        AGREEMENT_WEIGHTS: profile.agreement.weights,
        **{centers_name(certificate.name): certificate.centers for certificate in profile.certificates},
        **baseline_arrays(profile.baselines),
        **head_arrays(profile.detector_head),
    }


def tables_from_profile(profile: Profile) -> dict[str, object]:
    """Return the tables of ``profile``'s file; the arrays go to the archive beside.

    Raises:
        ValueError: a binding stands under another model's id.
    """
    if any(id_ != binding.model_id for id_, binding in profile.bindings.items()):
        raise ValueError("every binding must stand under its own model id")
    quality, agreement = profile.quality, profile.agreement
    return {
        "gallery": {"most_people": profile.gallery.most_people, "fpir": float(profile.gallery.fpir)},
        "detector": _point(profile.detector_threshold),
        "screen": {"model": profile.screen_model, **_point(profile.screen_threshold)},
        "match": {
            **_point(profile.match.threshold),
            "weights": {id_: float(weight) for id_, weight in profile.match.weights.items()},
            "floor": _points(profile.match.floors),
            "alone": _points(profile.match.alone),
            "self": {id_: {"genuine_high": float(cap)} for id_, cap in profile.plain_score_caps.items()},
        },
        "randomize": {
            "score": _point(profile.random_score_threshold),
            "spread": _points(profile.random_spread_thresholds),
        },
        "squeeze": {id_: _points(thresholds) for id_, thresholds in profile.squeeze_thresholds.items()},
        "agreement": {
            "source": agreement.source,
            "target": agreement.target,
            **_point(agreement.threshold),
        },
        "quality": {
            "least_width_px": float(quality.least_width_px),
            "most_width_share": float(quality.most_width_share),
            "least_sharpness": float(quality.least_sharpness),
            "least_brightness": float(quality.least_brightness),
            "most_brightness": float(quality.most_brightness),
            "most_yaw_ratio": float(quality.most_yaw_ratio),
        },
        "duplicate": _point(profile.duplicate_threshold),
        "models": {
            id_: {
                "model_digest": binding.model_digest,
                "recipe_digest": binding.recipe_digest,
                "precision_class": binding.precision_class,
            }
            for id_, binding in profile.bindings.items()
        },
        **({"certificate": certificate_tables(profile.certificates)} if profile.certificates else {}),
        **({"baseline": baseline_tables(profile.baselines)} if profile.baselines else {}),
        **({"sanitize": pixel_table(profile.pixel_limits)} if profile.pixel_limits else {}),
        **(
            {"granted": {n: {"mean": s.mean, "deviation": s.deviation} for n, s in profile.granted.items()}}
            if profile.granted
            else {}
        ),
        **({"detector_head": head_table(profile.detector_head)} if profile.detector_head else {}),
        **({"replay": replay_table(profile.replay)} if profile.replay else {}),
    }


def _point(threshold: float) -> dict[str, float]:
    return {"threshold": float(threshold)}


def _points(thresholds: Mapping[str, float]) -> dict[str, dict[str, float]]:
    return {id_: _point(threshold) for id_, threshold in thresholds.items()}
