"""The profile file's schema: what ``profile.toml`` must hold, closed and bounded."""

import datetime as dt
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
_Share = Annotated[float, Field(ge=0, le=1)]
_Cosine = Annotated[float, Field(ge=-1, le=1)]
_Gap = Annotated[float, Field(ge=0, le=2)]
_GrayLevel = Annotated[float, Field(ge=0, le=255)]

_WEIGHT_SUM_TOLERANCE = 1e-6


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class FacePoint(_Table):
    """Detector confidence."""

    threshold: _Share


class CosinePoint(_Table):
    """A similarity; higher is more alike."""

    threshold: _Cosine


class GapPoint(_Table):
    """A difference of similarities, or 1 - cosine."""

    threshold: _Gap


class ScreenTable(_Table):
    """The cheap pass."""

    model: _Name
    threshold: _Cosine


class MatchTable(_Table):
    """The joint operating point."""

    threshold: _Cosine
    weights: dict[_Name, _Share] = Field(min_length=2)
    floor: dict[_Name, CosinePoint]
    alone: dict[_Name, CosinePoint]

    @field_validator("weights")
    @classmethod
    def _sum_to_one(cls, weights: dict[str, float]) -> dict[str, float]:
        if abs(sum(weights.values()) - 1.0) > _WEIGHT_SUM_TOLERANCE:
            raise ValueError("weights must sum to 1")
        return weights


class RandomizeTable(_Table):
    """Random views."""

    score: CosinePoint
    spread: dict[_Name, GapPoint]


class AgreementTable(_Table):
    """The ridge map between the two models; its numbers are in ``file``, beside, pinned by ``sha256``."""

    source: _Name
    target: _Name
    threshold: _Cosine
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.npz$")]
    sha256: _Sha256


class QualityTable(_Table):
    """Bounds of the quality gate."""

    least_width_px: Annotated[float, Field(gt=0)]
    most_width_share: Annotated[float, Field(gt=0, le=1)]
    least_sharpness: Annotated[float, Field(ge=0)]
    least_brightness: _GrayLevel
    most_brightness: _GrayLevel
    most_yaw_ratio: Annotated[float, Field(gt=0)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.least_brightness >= self.most_brightness:
            raise ValueError("least_brightness must lie under most_brightness")
        return self


class ModelTable(_Table):
    """What a model's numbers were measured with."""

    model_digest: _Sha256
    recipe_digest: _Sha256
    precision_class: Annotated[str, Field(pattern=r"^(reference|int8)$")]


class ProfileFile(_Table):
    """Everything in ``profile.toml``.

    Attributes:
        digest: sha256 of the canonical form of all other keys.
        data: free text, what the numbers were fitted on; ``data_digest`` is its sha256.
        measured: figures kept for people (far, tar, ci95, counts); nothing decides by them.
    """

    name: _Name
    provisional: bool
    created: str
    data: Annotated[str, Field(min_length=1, max_length=4_000)]
    data_digest: _Sha256
    digest: _Sha256
    detector: FacePoint
    screen: ScreenTable
    match: MatchTable
    randomize: RandomizeTable
    squeeze: dict[_Name, dict[_Name, GapPoint]]
    agreement: AgreementTable
    quality: QualityTable
    duplicate: CosinePoint
    models: dict[_Name, ModelTable]
    measured: dict[str, JsonValue] = Field(default_factory=dict)

    @field_validator("created")
    @classmethod
    def _is_a_time(cls, created: str) -> str:
        if dt.datetime.fromisoformat(created).tzinfo is None:
            raise ValueError("created needs a time zone")
        return created

    @model_validator(mode="after")
    def _same_models_everywhere(self) -> Self:
        matched = self.match.weights.keys()
        for where, ids in (
            ("match.floor", self.match.floor.keys()),
            ("match.alone", self.match.alone.keys()),
            ("randomize.spread", self.randomize.spread.keys()),
            ("squeeze", self.squeeze.keys()),
        ):
            if ids != matched:
                raise ValueError(f"{where} must name the models of match.weights, no more and no fewer")
        pair = {self.agreement.source, self.agreement.target}
        if len(pair) != 2 or not pair <= matched or self.screen.model not in matched:
            raise ValueError("agreement and screen must name models of match.weights, agreement two different ones")
        if not matched <= self.models.keys():
            raise ValueError("models must name every model of match.weights")
        return self
