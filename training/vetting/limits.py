"""How suspect is too suspect: one limit a screen, learned from people who are known to be labeled right.

The limits that ship come from split A (``edge-gate training fit-screens``); nothing of them was chosen on split B.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.domain.errors import ConfigError
from edge.trust.canonical import canonical_json, tagged_sha256

_FILE = "limits.toml"
_TAIL = 0.05  # of the scores, taken for the tail


class ScreenLimits(BaseModel):
    """Limits by name of screen; a score above its limit is a finding.

    Attributes:
        false_alarms_aimed: share of honest pictures that all quarantining screens together may find.
        pictures: how many the limits were learned from.
        quarantine: limits of screens that quarantine.
        hint: limits of screens that are only shown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    false_alarms_aimed: float = Field(gt=0, lt=1)
    pictures: int = Field(ge=1)
    quarantine: dict[str, float]
    hint: dict[str, float]

    @property
    def digest(self) -> str:
        """sha256 of all limits, for the log."""
        return tagged_sha256("egate-screen-limits-v1", canonical_json(self.model_dump(mode="json"))).hex()

    @property
    def text(self) -> str:
        """As the file has them."""
        lines = [f"false_alarms_aimed = {self.false_alarms_aimed}", f"pictures = {self.pictures}"]
        for table, limits in (("quarantine", self.quarantine), ("hint", self.hint)):
            lines += ["", f"[{table}]", *(f"{name} = {limit!r}" for name, limit in limits.items())]
        return "\n".join(lines) + "\n"


def shipped_limits() -> ScreenLimits:
    """Return the limits that come with the package.

    Raises:
        ConfigError: the file is malformed.
    """
    try:
        return ScreenLimits.model_validate(tomllib.loads((files("training.vetting") / _FILE).read_text("utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise ConfigError(
            f"{_FILE} of the screens is malformed: {error}", hint="install this release again"
        ) from error


@dataclass(frozen=True, slots=True)
class FittedLimits:
    """What a fit comes to.

    Attributes:
        limits: by screen.
        found: share of the honest pictures that any screen finds.
    """

    limits: Mapping[str, float]
    found: float


def fit_limits(scores: Mapping[str, NDArray[np.float64]], aimed: float) -> FittedLimits:
    """Return limits that share false alarms equally, no more than ``aimed`` together.

    A few hundred pictures cannot show what one in two thousand looks like, so the upper twentieth of each screen's
    scores is taken for an exponential tail and followed outwards (peaks over a threshold: Pickands, Annals of
    Statistics 3, 1975). Shares of screens add up at most (Boole), so each has its part of ``aimed``.

    Args:
        scores: float64 (n,) of honest pictures, by screen; NaN = not judged.
        aimed: share of pictures.
    """
    limits = {name: _tail_limit(values, aimed / len(scores)) for name, values in scores.items()}
    return FittedLimits(limits, float(any_above(scores, limits).mean()))


def any_above(scores: Mapping[str, NDArray[np.float64]], limits: Mapping[str, float]) -> NDArray[np.bool_]:
    """Return bool (n,), which pictures any screen finds."""
    above = [np.nan_to_num(values, nan=-np.inf) > limits[name] for name, values in scores.items()]
    found: NDArray[np.bool_] = np.any(np.stack(above), axis=0)
    return found


def _tail_limit(values: NDArray[np.float64], share: float) -> float:
    known = values[~np.isnan(values)]
    if not len(known):
        return float("inf")
    begin = float(np.quantile(known, 1.0 - _TAIL))
    excess = known[known > begin] - begin
    spread = float(excess.mean()) if len(excess) else 0.0
    return begin + spread * max(0.0, math.log(_TAIL / share))
