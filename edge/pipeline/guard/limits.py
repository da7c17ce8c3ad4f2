"""How suspect is too suspect at enrollment: one limit a screen, learned from honest people of split A.

``edge-gate training fit-enrollment`` writes the file; nothing of it was chosen on split B.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.domain.errors import ConfigError
from edge.pipeline.guard.measures import BETWEEN, DISAGREEMENT, GAIN, HIDDEN_OTHER, ODD, RESEMBLES, UNLIKE, Usual
from edge.pipeline.guard.views import HIDDEN

_FILE = "limits.toml"
_OF_EVERYBODY = frozenset({RESEMBLES, BETWEEN, HIDDEN_OTHER})  # a maximum over all who are enrolled


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Why a picture is held.

    Attributes:
        screen: stable name of what found it.
        words: what was found, for the operator.
    """

    screen: str
    words: str


class GuardLimits(BaseModel):
    """Limits by name of screen; a number above its limit is a suspicion.

    Attributes:
        false_alarms_aimed: share of honest pictures that all screens together may hold.
        people: how many were enrolled when the limits were learned.
        pictures: how many the limits were learned from.
        growth: how much higher somebody's likeness to the nearest of many others comes out for e times as
            many others; of an exponential tail.
        usual_own: likeness to the own person that three quarters of honest pictures stay below.
        usual_gain: what hiding each part usually adds to the likeness of the own person.
        usual_disagreement: how much more the first model usually sees of the person than the second.
        limits: by screen. That of ``unlike`` is never above 0: learning needs at least what opens.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    false_alarms_aimed: float = Field(gt=0, lt=1)
    people: int = Field(ge=2)
    pictures: int = Field(ge=1)
    growth: float = Field(ge=0)
    usual_own: float
    usual_gain: tuple[float, ...] = Field(min_length=len(HIDDEN), max_length=len(HIDDEN))
    usual_disagreement: float
    limits: Mapping[str, float]

    @property
    def usual(self) -> Usual:
        """What honest pictures do anyway."""
        return Usual(self.usual_own, np.array(self.usual_gain), self.usual_disagreement)

    def limit(self, screen: str, people: int) -> float:
        """Return the limit of a screen where so many other people are enrolled.

        Raises:
            ConfigError: nobody fitted one.
        """
        try:
            limit = self.limits[screen]
        except KeyError:
            raise ConfigError(
                f"the enrollment guard has no limit for {screen}: its limits are for other models",
                hint="fit them: 'edge-gate training fit-enrollment'",
            ) from None
        if screen == UNLIKE:
            return min(limit, 0.0)
        if screen in _OF_EVERYBODY:
            return limit + self.growth * max(0.0, math.log(max(people, 1) / self.people))
        return limit

    def suspicions(self, measures: Mapping[str, float], people: int) -> tuple[Suspicion, ...]:
        """Return what is above its limit; NaN is not judged.

        Args:
            measures: numbers of one picture.
            people: how many others are enrolled.

        Raises:
            ConfigError: a screen has no limit.
        """
        return tuple(
            Suspicion(screen, _words(screen, score))
            for screen, score in measures.items()
            if score > self.limit(screen, people)
        )

    @property
    def text(self) -> str:
        """As the file has them."""
        lines = [
            f"false_alarms_aimed = {self.false_alarms_aimed}",
            f"people = {self.people}",
            f"pictures = {self.pictures}",
            f"growth = {self.growth!r}",
            f"usual_own = {self.usual_own!r}",
            f"usual_gain = [{', '.join(map(repr, self.usual_gain))}]",
            f"usual_disagreement = {self.usual_disagreement!r}",
            "",
            "[limits]",
            *(f"{name} = {limit!r}" for name, limit in self.limits.items()),
        ]
        return "\n".join(lines) + "\n"


def shipped_guard_limits() -> GuardLimits:
    """Return the limits that come with the package.

    Raises:
        ConfigError: the file is missing or malformed.
    """
    try:
        return GuardLimits.model_validate(tomllib.loads((files("edge.pipeline.guard") / _FILE).read_text("utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise ConfigError(
            f"{_FILE} of the enrollment guard is malformed: {error}", hint="install this release again"
        ) from error


def _words(screen: str, score: float) -> str:
    told = {
        UNLIKE: f"it is hardly like the other pictures: {-score:+.2f} from the score that opens",
        ODD: f"it is {score:.2f} less like the other pictures than they are like each other",
        GAIN: f"with a part hidden it is {score:+.2f} more like the person than is usual: what is on the face?",
        RESEMBLES: f"it is {score:.2f} like somebody who is enrolled, seen whole or with a part hidden",
        BETWEEN: f"it lies between its person and somebody enrolled: {-score:.2f} apart",
        HIDDEN_OTHER: f"with a part hidden it is {score:+.2f} nearer to somebody enrolled than to its person",
        DISAGREEMENT: f"the two models disagree about it by {score:.2f}",
    }
    return told.get(screen, f"smoothing moves it by {score:.2f}: noise was worked into it")
