"""Intervals that know that pictures of one person are alike: the bootstrap over identities.

A person drawn twice brings all comparisons with everybody, themselves drawn twice too (Bolle, Ratha and Pankanti,
"Error analysis of pattern recognition systems: the subsets bootstrap", CVIU 93, 2004).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.statistics.intervals import LEVEL, Interval

REPEATS = 400
SEED = 20261124


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """How often each person is drawn; int64 (repeats, people)."""

    counts: NDArray[np.int64]

    @staticmethod
    def of(people: int, *, repeats: int = REPEATS, seed: int = SEED) -> "Draws":
        """Draw people with replacement, as many as there are, ``repeats`` times."""
        rng = np.random.default_rng(seed)
        return Draws(rng.multinomial(people, np.full(people, 1 / people), size=repeats))


def rate_interval(
    events: NDArray[np.int64], trials: NDArray[np.int64], draws: Draws, *, level: float = LEVEL
) -> Interval:
    """Return the interval of a rate counted by person.

    Args:
        events: int64 (people,), how often it happened to each.
        trials: int64 (people,), how often it could have.
        draws: of the people.
        level: confidence, 0..1; the further out its ends, the more draws they need.
    """
    happened, could = draws.counts @ events, draws.counts @ trials
    return _interval(happened[could > 0] / could[could > 0], level)


def pair_rate_interval(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    trials: NDArray[np.int64],
    draws: Draws,
    *,
    enrolled: NDArray[np.bool_] | None = None,
    level: float = LEVEL,
) -> Interval:
    """Return the interval of a rate counted over pairs of people.

    Args:
        first: int64 (events,), whose probe it was, an entry an event.
        second: int64 (events,), whose template.
        trials: int64 (people, ), probes of each person; each is compared with everybody else's template.
        draws: of the people.
        enrolled: bool (people,), who has a template; None = everybody.
        level: confidence, 0..1.
    """
    rates = []
    for counts in draws.counts:
        probes = counts * trials
        templates = counts if enrolled is None else counts * enrolled
        could = int(probes.sum() * templates.sum() - (probes * templates).sum())
        rates.append(float((counts[first] * counts[second]).sum()) / could if could else np.nan)
    found = np.array(rates)
    return _interval(found[np.isfinite(found)], level)


def threshold_interval(
    scores: NDArray[np.float64],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    trials: NDArray[np.int64],
    far: float,
    draws: Draws,
    *,
    level: float = LEVEL,
) -> Interval:
    """Return the interval of the threshold at which impostors pass at the rate ``far``.

    Args:
        scores: float64 (k,), the highest impostor scores, many more than pass at ``far``.
        first: int64 (k,), whose probe each is.
        second: int64 (k,), whose template.
        trials: int64 (people,), probes of each person.
        far: the rate.
        draws: of the people.
        level: confidence, 0..1.
    """
    order = np.argsort(-scores)
    scores, first, second = scores[order], first[order], second[order]
    found = []
    for counts in draws.counts:
        probes = counts * trials
        could = int(probes.sum() * counts.sum() - (probes * counts).sum())
        passed = np.cumsum(counts[first] * counts[second])
        index = int(np.searchsorted(passed, could * far, side="right"))
        found.append(float(scores[min(index, len(scores) - 1)]))
    return _interval(np.array(found), level)


def _interval(values: NDArray[np.float64], level: float) -> Interval:
    if not len(values):
        return Interval(float("nan"), float("nan"))
    low, high = np.quantile(values, ((1 - level) / 2, (1 + level) / 2))
    return Interval(float(low), float(high))
