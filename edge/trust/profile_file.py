"""The profile file's schema: what ``profile.toml`` must hold, closed and bounded."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, JsonValue, field_validator, model_validator

from edge.trust.array_archive import ArrayTerms
from edge.trust.baseline_table import BaselineTable, SanitizeTable, baseline_terms
from edge.trust.certificate_table import CertificateTable, certificate_terms
from edge.trust.detector_table import DetectorHeadTable, head_terms
from edge.trust.profile_points import CosinePoint, FacePoint, GapPoint, Name, Sha256, Share, Table
from edge.trust.replay_table import ReplayTable

AGREEMENT_WEIGHTS = "agreement.weights"

_GrayLevel = Annotated[float, Field(ge=0, le=255)]
_WEIGHT_SUM_TOLERANCE = 1e-6
_MOST_PEOPLE = 100_000


class ArraysTable(Table):
    """The archive of everything that is no single number: ``file`` lies beside and is pinned by ``sha256``."""

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.npz$")]
    sha256: Sha256


class SignatureTable(Table):
    """Ed25519 over the canonical form of all but ``digest`` and this table; ``value`` in hexadecimal."""

    key_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    value: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]


class GalleryTable(Table):
    """For how many enrolled people the thresholds were chosen, and the FPIR with so many."""

    most_people: Annotated[int, Field(ge=1, le=_MOST_PEOPLE)]
    fpir: Share


class ScreenTable(CosinePoint):
    """The cheap pass."""

    model: Name


class SelfTable(Table):
    """How alike genuine attempts are to the person's own templates; ``genuine_high`` caps what drops start from."""

    genuine_high: Annotated[float, Field(ge=-1, le=1)]


class MatchTable(CosinePoint):
    """The joint operating point."""

    weights: dict[Name, Share] = Field(min_length=2)
    floor: dict[Name, CosinePoint]
    alone: dict[Name, CosinePoint]
    own: dict[Name, SelfTable] = Field(alias="self")

    @model_validator(mode="after")
    def _same_models(self) -> Self:
        if abs(sum(self.weights.values()) - 1.0) > _WEIGHT_SUM_TOLERANCE:
            raise ValueError("weights must sum to 1")
        for where, ids in (("floor", self.floor), ("alone", self.alone), ("self", self.own)):
            if ids.keys() != self.weights.keys():
                raise ValueError(f"match.{where} must name the models of match.weights, no more and no fewer")
        if any(own.genuine_high < self.floor[id_].threshold for id_, own in self.own.items()):
            raise ValueError("match.self genuine_high must not lie under the model's floor")
        return self


class RandomizeTable(Table):
    """Random views."""

    score: CosinePoint
    spread: dict[Name, GapPoint]


class AgreementTable(CosinePoint):
    """The ridge map between the two models; its numbers are the array ``agreement.weights``."""

    source: Name
    target: Name


class QualityTable(Table):
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


class SpreadTable(Table):
    """What a statistic of genuine attempts usually is; drift is told by it, nothing decides by it."""

    mean: Annotated[float, Field(ge=-1e6, le=1e6)]
    deviation: Annotated[float, Field(gt=0, le=1e6)]


class ModelTable(Table):
    """What a model's numbers were measured with."""

    model_digest: Sha256
    recipe_digest: Sha256
    precision_class: Annotated[str, Field(pattern=r"^(reference|int8)$")]


class ProfileFile(Table):
    """Everything in ``profile.toml``.

    The tables of defenses with numbers of their own are optional fields here, each model in a file of its own;
    ``array_terms`` names the arrays that they need.

    Attributes:
        digest: sha256 of the canonical form of all other keys but ``signature``.
        created: ISO 8601 with a time zone.
        expires: likewise, after ``created``.
        data: free text, what the numbers were fitted on; ``data_digest`` is its sha256.
        measured: figures of the fit as a whole, kept for people; nothing decides by them.
        signature: who vouches for it; None = nobody.
    """

    name: Name
    created: str
    expires: str
    data: Annotated[str, Field(min_length=1, max_length=4_000)]
    data_digest: Sha256
    digest: Sha256
    arrays: ArraysTable
    gallery: GalleryTable
    detector: FacePoint
    screen: ScreenTable
    match: MatchTable
    randomize: RandomizeTable
    squeeze: dict[Name, dict[Name, GapPoint]]
    agreement: AgreementTable
    quality: QualityTable
    duplicate: CosinePoint
    models: dict[Name, ModelTable]
    certificate: dict[Name, CertificateTable] = Field(default_factory=dict)
    baseline: dict[Name, BaselineTable] = Field(default_factory=dict)
    sanitize: SanitizeTable | None = None
    granted: dict[Name, SpreadTable] = Field(default_factory=dict)
    detector_head: DetectorHeadTable | None = None
    replay: ReplayTable | None = None
    measured: dict[str, JsonValue] = Field(default_factory=dict)
    signature: SignatureTable | None = None

    @property
    def array_terms(self) -> Mapping[str, ArrayTerms]:
        """What the tables ask of the archive, by the array's name: these arrays, and no others."""
        return {
            AGREEMENT_WEIGHTS: ArrayTerms(dimensions=2, dtype="float32"),
            **certificate_terms(self.certificate),
            **baseline_terms(self.baseline),
            **head_terms(self.detector_head),
        }

    @field_validator("created", "expires")
    @classmethod
    def _is_a_time(cls, text: str) -> str:
        if dt.datetime.fromisoformat(text).utcoffset() is None:
            raise ValueError("a time needs its zone")
        return text

    @model_validator(mode="after")
    def _expires_later(self) -> Self:
        if dt.datetime.fromisoformat(self.created) >= dt.datetime.fromisoformat(self.expires):
            raise ValueError("created must lie before expires")
        return self

    @model_validator(mode="after")
    def _same_models_everywhere(self) -> Self:
        matched = self.match.weights.keys()
        for where, ids in (("randomize.spread", self.randomize.spread), ("squeeze", self.squeeze)):
            if ids.keys() != matched:
                raise ValueError(f"{where} must name the models of match.weights, no more and no fewer")
        pair = {self.agreement.source, self.agreement.target}
        if len(pair) != 2 or not pair <= matched or self.screen.model not in matched:
            raise ValueError("agreement and screen must name models of match.weights, agreement two different ones")
        if not matched <= self.models.keys():
            raise ValueError("models must name every model of match.weights")
        if not {*self.baseline, *(table.model for table in self.certificate.values())} <= matched:
            raise ValueError("baseline and certificate must name models of match.weights")
        if self.detector_head is not None and not matched <= self.baseline.keys():
            raise ValueError("detector_head reads the baselines of every model of match.weights")
        return self
