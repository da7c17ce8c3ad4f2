"""The joint operating point: weights, floors and threshold with the least false rejection at a stated FPIR.

A gate with N people enrolled opens to a stranger at a rate (FPIR) of at most N times the rate at which one comparison
passes (FMR): the union bound, which needs no assumption about how comparisons depend on each other. So the
FMR that is fitted is FPIR / N. Terms: ISO/IEC 19795-1.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from calibration.statistics.score_set import ScoreSet
from calibration.statistics.verification import threshold_at_far
from edge.domain.errors import UsageError
from edge.domain.profile import MatchPoint

SHARES = tuple(round(0.4 + 0.05 * i, 2) for i in range(11))
"""Weights of the screening model that are tried."""
FLOOR_FARS = (3e-2, 1e-2, 5e-3, 3e-3, 1e-3)
"""Rates of impostors that each model by itself may let through, loosest first."""
ALONE_FAR = 1e-5
"""A model that names a stranger by itself contradicts the other; at this rate, or the least that can be resolved."""
COST = 0.002
"""False rejection that a point may cost over the cheapest one, to lean less on one model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What is asked for.

    Attributes:
        fpir: how often a stranger may be taken for anybody enrolled.
        most_people: how many may be enrolled.
    """

    fpir: float
    most_people: int

    @property
    def fmr(self) -> float:
        """The rate of one comparison."""
        return self.fpir / self.most_people


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One point of the search.

    Attributes:
        point: it.
        floor_fars: rate of impostors that each floor lets through, by model id.
        frr: share of genuine comparisons that it refuses.
        forged_far: share of impostors whom it would accept if one model, whichever is better for them, were made to
            see the very person; what is left is what the other model has to say.
    """

    point: MatchPoint
    floor_fars: Mapping[str, float]
    frr: float

    forged_far: float


def fit_match(scores: ScoreSet, goal: Goal) -> Candidate:
    """Return the point to use: of those that cost little, the one that a forgery of one model helps least.

    Who forges one model has to carry the other over its floor, and over what the fused score still asks of it. Of
    equal ones the one with the strictest floors: screening asks for its model's, and names fewer candidates then.

    Raises:
        UsageError: the pictures cannot resolve the goal.
    """
    if scores.comparisons * goal.fmr < 1:
        raise UsageError(
            f"{scores.comparisons} comparisons of different people cannot resolve a false match rate of {goal.fmr:g}",
            hint="give more people's pictures, or ask for fewer enrolled people or a higher FPIR",
        )
    every = list(_candidates(scores, goal))
    least = min(candidate.frr for candidate in every)
    cheap = [candidate for candidate in every if candidate.frr <= least + COST]
    return min(cheap, key=lambda c: (c.forged_far, c.frr, sum(c.floor_fars.values())))


def passes(
    point: MatchPoint, per_model: Mapping[str, NDArray[np.floating]], fused: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """Return which comparisons the point accepts: the fused score and every floor. NaN is refused."""
    accepted = fused >= point.threshold
    for model, floor in point.floors.items():
        accepted &= per_model[model] >= floor
    return accepted


def single_model(model: str, threshold: float) -> MatchPoint:
    """Return the point at which one model by itself decides."""
    return MatchPoint(threshold=threshold, weights={model: 1.0}, floors={}, alone={})


def _candidates(scores: ScoreSet, goal: Goal) -> Iterator[Candidate]:
    screen, second = scores.impostor
    flat = {m: s[np.isfinite(s)].astype(np.float64) for m, s in scores.impostor.items()}
    alone = {m: threshold_at_far(s, max(ALONE_FAR, 1 / len(s))) for m, s in flat.items()}
    floors = {m: {far: threshold_at_far(s, far) for far in FLOOR_FARS} for m, s in flat.items()}
    genuine = {m: s[scores.has_genuine] for m, s in scores.genuine.items()}
    for share, (first_far, second_far) in product(SHARES, product(FLOOR_FARS, FLOOR_FARS)):
        weights = {screen: share, second: round(1 - share, 2)}
        fars = {screen: first_far, second: second_far}
        chosen = {m: floors[m][far] for m, far in fars.items()}
        over = np.all([flat[m] >= chosen[m] for m in weights], axis=0)
        fused = np.sum([w * flat[m][over] for m, w in weights.items()], axis=0)
        least = sum(w * chosen[m] for m, w in weights.items())
        point = MatchPoint(
            threshold=max(least, _threshold(fused, int(scores.comparisons * goal.fmr))),
            weights=weights,
            floors=chosen,
            alone=alone,
        )
        own = np.sum([w * genuine[m] for m, w in weights.items()], axis=0)
        frr = 1 - float(np.mean(passes(point, genuine, own)))
        yield Candidate(point=point, floor_fars=fars, frr=frr, forged_far=_forged_far(point, flat))


def _forged_far(point: MatchPoint, impostor: Mapping[str, NDArray[np.float64]]) -> float:
    """Return the highest FAR that is left when one of two models gives a cosine of 1."""
    rates = []
    for forged, weight in point.weights.items():
        (other,) = set(point.weights) - {forged}
        asked = max(point.floors[other], (point.threshold - weight) / point.weights[other])
        rates.append(float(np.mean(impostor[other] >= asked)))
    return max(rates)


def _threshold(fused: NDArray[np.float64], allowed: int) -> float:
    """Return the least threshold that at most ``allowed`` of the scores reach; -1 where no more pass the floors."""
    if len(fused) <= allowed:
        return -1.0
    ordered = np.partition(fused, len(fused) - allowed - 1)
    return float(np.nextafter(ordered[len(fused) - allowed - 1], np.inf))
