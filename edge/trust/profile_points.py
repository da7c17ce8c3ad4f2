"""What the tables of a profile are made of: bounded numbers, thresholds, and what was measured at a threshold."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Cosine = Annotated[float, Field(ge=-1, le=1)]
Gap = Annotated[float, Field(ge=0, le=2)]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]

# TOML has lists alone, and strict mode takes no list for a tuple.
_ShareInterval = Annotated[tuple[Share, Share], Field(strict=False)]
_Threshold = Annotated[float, Field(ge=-1, le=2)]
_ThresholdInterval = Annotated[tuple[_Threshold, _Threshold], Field(strict=False)]


class Table(BaseModel):
    """Base of every table: frozen, closed, strict, finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Figures(Table):
    """What was measured at a threshold. Nothing decides by it; rates are of data that fitted nothing.

    Attributes:
        far: share of impostor comparisons that pass.
        far_ci95: its 95 % interval, low and high.
        frr: share of genuine attempts that are refused.
        frr_ci95: its 95 % interval.
        impostors: impostor comparisons that ``far`` rests on.
        genuine: genuine attempts that ``frr`` rests on.
        threshold_ci95: 95 % interval of the threshold itself, had other people been drawn.
    """

    far: Share | None = None
    far_ci95: _ShareInterval | None = None
    frr: Share | None = None
    frr_ci95: _ShareInterval | None = None
    impostors: Count | None = None
    genuine: Count | None = None
    threshold_ci95: _ThresholdInterval | None = None

    @model_validator(mode="after")
    def _intervals_in_order(self) -> Self:
        for name in ("far_ci95", "frr_ci95", "threshold_ci95"):
            interval = getattr(self, name)
            if interval is not None and interval[0] > interval[1]:
                raise ValueError(f"{name} must be [low, high]")
        return self


class Point(Table):
    """A threshold and what was measured at it. Subclasses bound the threshold."""

    figures: Figures | None = None


class FacePoint(Point):
    """Detector confidence."""

    threshold: Share


class CosinePoint(Point):
    """A similarity; higher is more alike."""

    threshold: Cosine


class GapPoint(Point):
    """A difference of similarities, or 1 - cosine."""

    threshold: Gap
