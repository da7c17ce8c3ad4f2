"""Every operating point of a profile as split B finds it: what it was fitted for, and what it does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.fitting.operating_point import passes, single_model
from calibration.report.aims import aimed_far
from calibration.statistics.bootstrap import Draws, threshold_interval
from calibration.statistics.counted import Counted, counted_by_pair, counted_by_person
from calibration.statistics.intervals import Interval
from calibration.statistics.score_set import ScoreSet
from edge.domain.profile import MatchPoint, Profile
from edge.trust.profile_file import ProfileFile

LEAST_HITS = 10
"""Impostors that must be expected to pass before a threshold is called resolved."""
_KEPT = 4  # times as many of the highest scores are bootstrapped as pass, and ``_MORE``
_MORE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """A threshold that comparisons are decided at.

    Attributes:
        name: of the point.
        threshold: the profile's.
        fitted_ci95: its interval, as the fit kept it; None = not kept.
        target: rate of impostors that the fit let pass; None = the profile does not say.
        split_b_ci95: interval of the threshold that split B's impostors would put at ``target``; None = they are too
            few.
        far: impostor comparisons that pass.
        frr: genuine comparisons that do not.
    """

    name: str
    threshold: float
    fitted_ci95: tuple[float, float] | None
    target: float | None
    split_b_ci95: Interval | None
    far: Counted
    frr: Counted

    @property
    def tar(self) -> float | None:
        """Share of genuine comparisons that pass."""
        return None if self.frr.rate is None else 1 - self.frr.rate

    @property
    def record(self) -> dict[str, Any]:
        """The point as JSON has it."""
        return {
            "point": self.name,
            "threshold": self.threshold,
            "threshold_ci95": None if self.fitted_ci95 is None else list(self.fitted_ci95),
            "threshold_split_b_ci95": None if self.split_b_ci95 is None else list(self.split_b_ci95),
            "target": self.target,
            "far": self.far.rate,
            "far_ci95": self.far.ends,
            "impostors": self.far.trials,
            "frr": self.frr.rate,
            "frr_ci95": self.frr.ends,
            "genuine": self.frr.trials,
            "tar": self.tar,
        }


def operating_points(scores: ScoreSet, profile: Profile, file: ProfileFile, draws: Draws) -> Iterator[OperatingPoint]:
    """Yield every point that compares scores: match, floors, alone, screen and duplicate.

    Args:
        scores: comparisons of split B.
        profile: the thresholds.
        file: the profile's file, for what the fit kept beside them.
        draws: of the people of split B.

    Raises:
        ConfigError: scipy is not installed.
    """
    people = draws.counts.shape[1]
    for name, point, kept in _points(profile, file):
        genuine = _accepted(point, scores.genuine, scores.has_genuine)
        accepted = _accepted(point, scores.impostor, np.isfinite(next(iter(scores.impostor.values()))))
        own = scores.owners[scores.has_genuine]
        refused = own[~genuine[scores.has_genuine]]
        target = aimed_far(file, name)
        yield OperatingPoint(
            name=name,
            threshold=point.threshold,
            fitted_ci95=None if kept is None else kept.threshold_ci95,
            target=target,
            split_b_ci95=None if target is None else _threshold_b(scores, point, target, draws),
            far=counted_by_pair(accepted, scores.owners, draws),
            frr=counted_by_person(np.bincount(refused, minlength=people), np.bincount(own, minlength=people), draws),
        )


def _points(profile: Profile, file: ProfileFile) -> Iterator[tuple[str, MatchPoint, Any]]:
    """Yield (name, the point by itself, its figures)."""
    match = profile.match
    yield "match", match, file.match.figures
    for model, floor in match.floors.items():
        yield f"floor {model}", single_model(model, floor), file.match.floor[model].figures
    for model, alone in match.alone.items():
        yield f"alone {model}", single_model(model, alone), file.match.alone[model].figures
    yield "screen", single_model(profile.screen_model, profile.screen_threshold), file.screen.figures
    yield (
        "duplicate",
        MatchPoint(threshold=profile.duplicate_threshold, weights=match.weights, floors={}, alone={}),
        file.duplicate.figures,
    )


def _accepted(
    point: MatchPoint, per_model: Mapping[str, NDArray[Any]], is_scored: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    return passes(point, per_model, _fused(point, per_model)) & is_scored


def _fused(point: MatchPoint, per_model: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    fused: NDArray[Any] = np.sum([w * per_model[m].astype(np.float64) for m, w in point.weights.items()], axis=0)
    return fused


def _threshold_b(scores: ScoreSet, point: MatchPoint, target: float, draws: Draws) -> Interval | None:
    """Return where split B's impostors put the point's threshold, its floors kept; None where they are too few."""
    if scores.comparisons * target < LEAST_HITS:
        return None
    fused = _fused(point, scores.impostor)
    for model, floor in point.floors.items():
        fused = np.where(scores.impostor[model] >= floor, fused, -np.inf)
    kept = min(int(scores.comparisons * target * _KEPT) + _MORE, int(np.isfinite(fused).sum()))
    if not kept:
        return None
    highest = np.argpartition(fused, fused.size - kept, axis=None)[-kept:]
    first, second = np.divmod(highest, fused.shape[1])
    trials = np.bincount(scores.owners, minlength=fused.shape[1])
    return threshold_interval(
        fused.ravel()[highest], scores.owners[first], second.astype(np.int64), trials, target, draws
    )
