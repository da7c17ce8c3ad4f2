"""An unsigned profile of the models that run, as a site would fit it."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.daemon.models import SCREENING, SECOND, serving_bindings
from edge.domain.pixel_limits import PixelLimits
from edge.domain.profile import Agreement, GallerySize, MatchPoint, Profile
from edge.trust.profile_points import Figures
from edge.trust.profile_writing import TablePath, dump_profile
from tests.support.baselines import a_baseline
from tests.support.profiles import a_profile

CREATED = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
EXPIRES = dt.datetime(2126, 11, 1, tzinfo=dt.UTC)


def site_profile(
    folder: Path, *, created: dt.datetime = CREATED, expires: dt.datetime = EXPIRES, most_people: int = 10
) -> Path:
    """Write it into ``folder`` and return that."""
    profile = replace(
        _of_running_models(),
        created=created,
        expires=expires,
        gallery=GallerySize(most_people=most_people, fpir=1e-3),
    )
    figures: dict[TablePath, Figures] = {
        ("match",): Figures(far=1e-5, far_ci95=(0.0, 4e-5), frr=0.01, impostors=123_456, genuine=789)
    }
    dump_profile(profile, folder, data="pictures of our door", data_digest="c" * 64, figures=figures)
    return folder


def _of_running_models() -> Profile:
    ids = (SCREENING, SECOND)
    return replace(
        a_profile(),
        bindings=serving_bindings(),
        screen_model=SCREENING,
        match=MatchPoint(
            threshold=0.5,
            weights=dict.fromkeys(ids, 0.5),
            floors=dict.fromkeys(ids, 0.3),
            alone=dict.fromkeys(ids, 0.7),
        ),
        random_spread_thresholds=dict.fromkeys(ids, 0.2),
        plain_score_caps=dict.fromkeys(ids, 1.0),
        squeeze_thresholds={id_: {"median3": 0.1} for id_ in ids},
        agreement=Agreement(source=SECOND, target=SCREENING, weights=np.zeros((4, 3), np.float32), threshold=0.5),
        baselines=tuple(a_baseline(id_, 3) for id_ in ids),
        pixel_limits=PixelLimits(most={"noise": 5.0}, least={}),
    )
