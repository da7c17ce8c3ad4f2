"""The calibration profile: every number that a decision uses, with where it came from."""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edge.domain.baseline import Baseline
from edge.domain.certificate import Certificate
from edge.domain.detector_head import DetectorHead
from edge.domain.embedding import Binding
from edge.domain.motion import ReplayLimits
from edge.domain.pixel_limits import PixelLimits
from edge.domain.sketch import Spread

NEARLY_FULL = 0.9  # a warning before a refusal: not a threshold of any decision


class SignedBy(StrEnum):
    """Who vouches for a profile."""

    NOBODY = "nobody"
    DEVELOPMENT_KEY = "the development key"
    TRUSTED_KEY = "a trusted key"


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchPoint:
    """When a comparison counts as the same person.

    Attributes:
        threshold: least fused score.
        weights: weight of each model's cosine in the fused score, by model id; they sum to 1.
        floors: least cosine of each model by itself, by model id (both models must agree).
        alone: cosine from which one model would name a person by itself, by model id. It never grants: a model that
            reaches it while the other knows nobody is a disagreement.
    """

    threshold: float
    weights: Mapping[str, float]
    floors: Mapping[str, float]
    alone: Mapping[str, float]

    def fuse(self, per_model: Mapping[str, float]) -> float:
        """Return the weighted mean of the models' cosines; NaN when a model's score is missing."""
        return sum(weight * per_model.get(model, math.nan) for model, weight in self.weights.items())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Agreement:
    """A ridge map from one model's embedding space to the other's (Unnervik and Marcel, arXiv 2402.18718).

    Attributes:
        source: model id whose embedding is mapped.
        target: model id whose embedding is predicted.
        weights: float32 (d_source + 1, d_target); the last row is the intercept.
        threshold: least cosine between the mapped and the real embedding.
    """

    source: str
    target: str
    weights: NDArray[np.float32]
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityLimits:
    """Bounds of the quality gate."""

    least_width_px: float
    most_width_share: float
    least_sharpness: float
    least_brightness: float
    most_brightness: float
    most_yaw_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GallerySize:
    """For how many enrolled people the thresholds were chosen: every further person is one more chance of a stranger.

    Attributes:
        most_people: more than so many may not be enrolled.
        fpir: false-positive identification rate with so many enrolled (ISO/IEC 19795-1): the share of strangers
            who would be taken for somebody.
    """

    most_people: int
    fpir: float

    def is_outgrown_by(self, people: int) -> bool:
        """Whether so many people are more than the thresholds were chosen for."""
        return people > self.most_people

    def is_nearly_full_with(self, people: int) -> bool:
        """Whether so many people leave less than a tenth of the room."""
        return people >= NEARLY_FULL * self.most_people


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """A calibration profile, checked and loaded.

    Attributes:
        name: what it is called.
        signed_by: who vouches for it.
        key_id: of the key that signed it; empty = nobody did.
        created: when it was fitted, timezone-aware.
        expires: from when it must not serve any more, timezone-aware.
        digest: sha256 of its canonical form, without the signature.
        bindings: what each model's thresholds were measured with, by model id.
        detector_threshold: least face score.
        screen_threshold: least score of the screening model (see ``screen_model``) for a candidate.
        screen_model: model id of the cheap pass.
        match: the joint operating point.
        random_score_threshold: least mean fused score over the random views.
        random_spread_thresholds: most drop from the plain score to the lowest random view, by model id.
        plain_score_caps: a plain score counts as no more than this where drops from it are measured, by model id: the
            very picture that was enrolled scores 1, higher than any other of the same person.
        squeeze_thresholds: most embedding shift (1 - cosine), by model id and squeezer.
        agreement: the map between the two models.
        quality: bounds of the quality gate.
        duplicate_threshold: fused score from which an enrollment is somebody else's duplicate.
        gallery: how many people it may serve.
        certificates: patch certificates, each with thresholds of its own.
        baselines: what each model's embeddings of real faces look like.
        pixel_limits: bounds of pixel statistics; None = not fitted.
        granted: what genuine attempts that match measured, by statistic; nothing decides by it.
        detector_head: what was learned from attacks; None = nothing, and there is no such defense.
        replay: bounds of what a face does over time; None = not fitted.
    """

    name: str
    signed_by: SignedBy
    key_id: str
    created: dt.datetime
    expires: dt.datetime
    digest: str
    bindings: Mapping[str, Binding]
    detector_threshold: float
    screen_threshold: float
    screen_model: str
    match: MatchPoint
    random_score_threshold: float
    random_spread_thresholds: Mapping[str, float]
    plain_score_caps: Mapping[str, float]
    squeeze_thresholds: Mapping[str, Mapping[str, float]]
    agreement: Agreement
    quality: QualityLimits
    duplicate_threshold: float
    gallery: GallerySize
    certificates: tuple[Certificate, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    pixel_limits: PixelLimits | None = None
    granted: Mapping[str, Spread] = field(default_factory=dict)
    detector_head: DetectorHead | None = None
    replay: ReplayLimits | None = None
