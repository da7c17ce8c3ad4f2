"""A small profile over two made-up models."""

import datetime as dt

import numpy as np

from edge.domain.embedding import Binding
from edge.domain.profile import Agreement, GallerySize, MatchPoint, Profile, QualityLimits, SignedBy

A = Binding("a", "digest-a", "recipe-a", "reference")
B = Binding("b", "digest-b", "recipe-b", "reference")


def a_profile() -> Profile:
    """Return a profile that asks for a fused score of 0.5."""
    return Profile(
        name="test",
        signed_by=SignedBy.NOBODY,
        key_id="",
        created=dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
        expires=dt.datetime(2027, 11, 1, tzinfo=dt.UTC),
        digest="d",
        bindings={"a": A, "b": B},
        detector_threshold=0.8,
        screen_threshold=0.4,
        screen_model="a",
        match=MatchPoint(
            threshold=0.5, weights={"a": 0.5, "b": 0.5}, floors={"a": 0.3, "b": 0.3}, alone={"a": 0.7, "b": 0.7}
        ),
        random_score_threshold=0.4,
        random_spread_thresholds={"a": 0.2, "b": 0.2},
        plain_score_caps={"a": 1.0, "b": 1.0},
        squeeze_thresholds={},
        agreement=Agreement(source="b", target="a", weights=np.zeros((4, 3), np.float32), threshold=0.5),
        quality=QualityLimits(
            least_width_px=40,
            most_width_share=0.95,
            least_sharpness=0.0,
            least_brightness=10,
            most_brightness=250,
            most_yaw_ratio=1.0,
        ),
        duplicate_threshold=0.5,
        gallery=GallerySize(most_people=10, fpir=1e-3),
    )
