import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.domain.embedding import Binding
from edge.domain.profile import Agreement, GallerySize, MatchPoint, Profile, QualityLimits, SignedBy
from edge.trust.profile_writing import dump_profile

FACENET, SFACE = "facenet-20180408", "sface-2021dec"

Dump = Callable[[Profile], Profile]


@pytest.fixture
def profile() -> Profile:
    weights = np.random.default_rng(3).standard_normal((6, 4)).astype(np.float32)
    return Profile(
        name="lfw",
        signed_by=SignedBy.NOBODY,
        key_id="",
        created=dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
        expires=dt.datetime(2027, 11, 1, tzinfo=dt.UTC),
        digest="",
        bindings={id_: Binding(id_, "a" * 64, "b" * 64, "reference") for id_ in (FACENET, SFACE)},
        detector_threshold=0.8,
        screen_threshold=0.36,
        screen_model=SFACE,
        match=MatchPoint(
            threshold=0.41,
            weights={FACENET: 0.5, SFACE: 0.5},
            floors={FACENET: 0.3, SFACE: 0.2},
            alone={FACENET: 0.52, SFACE: 0.35},
        ),
        random_score_threshold=0.38,
        random_spread_thresholds={FACENET: 0.12, SFACE: 0.1},
        plain_score_caps={FACENET: 0.9, SFACE: 0.8},
        squeeze_thresholds={FACENET: {"bits4": 0.3, "median3": 0.11}, SFACE: {"bits4": 0.4, "median3": 0.09}},
        agreement=Agreement(source=FACENET, target=SFACE, weights=weights, threshold=0.5),
        quality=QualityLimits(
            least_width_px=40.0,
            most_width_share=0.9,
            least_sharpness=20.0,
            least_brightness=40.0,
            most_brightness=220.0,
            most_yaw_ratio=0.6,
        ),
        duplicate_threshold=0.45,
        gallery=GallerySize(most_people=100, fpir=1e-3),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "profile"


@pytest.fixture
def dump(folder: Path) -> Dump:
    def write(profile: Profile) -> Profile:
        return dump_profile(
            profile,
            folder,
            data="split A, 1,234 pictures",
            data_digest="c" * 64,
            measured={"far": 1e-3, "tar": 0.983, "ci95": [0.97, 0.99], "counts": {"genuine": 3000}},
        )

    return write
