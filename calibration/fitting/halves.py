"""Repeats of the fit with other halves of split A: does a threshold keep its rate with people it was not fitted on?

Each repeat deals the people of split A into two halves at random. Every threshold is fitted on the first and counted
on the second. So few people cannot be asked for the lowest rates: 500 have about a million comparisons, and at 1e-6
one of them passes. Nothing is asked below the rate at which ``LEAST_HITS`` comparisons of the smaller half pass.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.fitting.operating_point import ALONE_FAR, single_model
from calibration.statistics.bootstrap import Draws
from calibration.statistics.counted import Counted
from calibration.statistics.refitted import Impostors, refitted_rate
from calibration.statistics.score_set import Readings, ScoreSet, score_set
from calibration.statistics.verification import threshold_at_far
from edge.domain.errors import UsageError
from edge.domain.profile import MatchPoint

LEAST_HITS = 10
"""Impostors that must be expected to pass in either half."""
DRAWS = 4_000
"""Draws of people: the corrected intervals end further out than 95 % ones and need more of them."""
SEED = 20261125
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Aims:
    """Rates of impostors that points are fitted for.

    Attributes:
        match: the fused threshold behind the floors; never below what the halves resolve.
        floors: each model's floor, by model id; the screening threshold is the screening model's.
        alone: a model that names a stranger by itself; never below what the halves resolve.
    """

    match: float
    floors: Mapping[str, float]
    alone: float = ALONE_FAR


@dataclass(frozen=True, slots=True)
class Kept:
    """A point of one repeat.

    Attributes:
        point: its name.
        half: which repeat.
        threshold: fitted on the first half.
        aim: rate that it was fitted for.
        counted: impostors of the second half that pass, with the interval of ``level``.
        level: confidence of the interval: 95 % for all points of a repeat together (Bonferroni).
    """

    point: str
    half: int
    threshold: float
    aim: float
    counted: Counted
    level: float

    @property
    def inside(self) -> bool:
        """Whether the aimed rate lies in the interval of the rate of the second half."""
        interval = self.counted.interval
        return interval is not None and interval.low <= self.aim <= interval.high


def repeats(
    plain: Readings, seen: tuple[Readings, ...], point: MatchPoint, screen_model: str, aims: Aims, *, halves: int
) -> Iterator[Kept]:
    """Yield every point of every repeat.

    Args:
        plain: pictures of split A as they are; templates are made of them.
        seen: the same people as cameras see them.
        point: its weights are used as they are.
        screen_model: model id of the screening model.
        aims: rates to fit for.
        halves: how many repeats.

    Raises:
        UsageError: a half cannot resolve the floors' rate.
        ConfigError: scipy is not installed.
    """
    rng = np.random.default_rng(SEED)
    people = np.unique(plain.owners)
    for half in range(halves):
        dealt = rng.permutation(people)
        first, second = (_scores(plain, seen, own) for own in (dealt[::2], dealt[1::2]))
        fitted = _fitted(first, point, screen_model, _asked(aims, first, second))
        level = 1 - (1 - LEVEL) / len(fitted)
        draws = (
            Draws.of(first.people, repeats=DRAWS, seed=SEED - half - 1),
            Draws.of(second.people, repeats=DRAWS, seed=SEED + half),
        )
        for name, (found, aim) in fitted.items():
            groups = _impostors(found, first), _impostors(found, second)
            counted = refitted_rate(*groups, found.threshold, aim, draws, level)
            yield Kept(name, half, found.threshold, aim, counted, level)


def record_of(kept: Kept) -> dict[str, Any]:
    """Return a point as JSON has it; ``rate_ci95`` holds with 95 % for all points of one repeat together."""
    return {
        "point": kept.point,
        "half": kept.half,
        "threshold": kept.threshold,
        "aim": kept.aim,
        "rate": kept.counted.rate,
        "rate_ci95": kept.counted.ends,
        "inside": kept.inside,
        "comparisons": kept.counted.trials,
        "level": kept.level,
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Half:
    scores: ScoreSet
    people: int


def _scores(plain: Readings, seen: tuple[Readings, ...], own: NDArray[np.int64]) -> _Half:
    people = np.sort(own)
    every = [_only(readings, people) for readings in (plain, *seen)]
    return _Half(score_set(every[0], [some for some in every if len(some.owners)]), len(people))


def _only(readings: Readings, people: NDArray[np.int64]) -> Readings:
    """Return the pictures of some people, numbered anew."""
    kept = np.flatnonzero(np.isin(readings.owners, people))
    return Readings(
        tuple(readings.names[person] for person in people),
        np.searchsorted(people, readings.owners[kept]).astype(np.int64),
        readings.numbers[kept],
        tuple(readings.pictures[row] for row in kept),
    )


def _asked(aims: Aims, first: _Half, second: _Half) -> Aims:
    """Return the aims, none below what the smaller half resolves."""
    fewest = min(first.scores.comparisons, second.scores.comparisons)
    least = LEAST_HITS / fewest if fewest else 1.0
    lowest = min(aims.floors.values())
    if least > lowest:
        raise UsageError(
            f"half of split A makes {fewest} comparisons, of which fewer than {LEAST_HITS} pass at {lowest:g}",
            hint="give a folder with more people",
        )
    return Aims(match=max(aims.match, least), floors=aims.floors, alone=max(aims.alone, least))


def _fitted(half: _Half, point: MatchPoint, screen_model: str, aims: Aims) -> dict[str, tuple[MatchPoint, float]]:
    """Return every point with its aim, by name."""
    scores = half.scores
    is_scored = np.isfinite(next(iter(scores.impostor.values())))
    flat = {m: scores.impostor[m][is_scored].astype(np.float64) for m in point.weights}
    floors = {m: threshold_at_far(s, aims.floors[m]) for m, s in flat.items()}
    over = np.all([flat[m] >= floor for m, floor in floors.items()], axis=0)
    fused = np.where(over, np.sum([w * flat[m] for m, w in point.weights.items()], axis=0), -1.0)
    aim = min(aims.match, float(over.mean()))  # where the floors alone refuse more, no threshold reaches the aim
    joint = MatchPoint(threshold=threshold_at_far(fused, aims.match), weights=point.weights, floors=floors, alone={})
    return {
        "match": (joint, aim),
        **{f"floor {m}": (single_model(m, floor), aims.floors[m]) for m, floor in floors.items()},
        **{f"alone {m}": (single_model(m, threshold_at_far(s, aims.alone)), aims.alone) for m, s in flat.items()},
        "screen": (single_model(screen_model, floors[screen_model]), aims.floors[screen_model]),
    }


def _impostors(point: MatchPoint, half: _Half) -> Impostors:
    """Return a half's fused impostor scores, -inf where a floor refuses already."""
    per_model = {m: half.scores.impostor[m].astype(np.float64) for m in point.weights}
    over = np.all([per_model[m] >= floor for m, floor in point.floors.items()], axis=0)
    fused = np.sum([w * per_model[m] for m, w in point.weights.items()], axis=0)
    return Impostors(np.where(over, fused, -np.inf), half.scores.owners, half.scores.comparisons)
