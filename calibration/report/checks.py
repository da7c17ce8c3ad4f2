"""What the defenses' checks refuse of genuine attempts of split B, each by itself and all of them jointly."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.fitting.agreement import mapped_cosines
from calibration.fitting.attempts import Attempts
from calibration.fitting.defense_points import defense_measures
from calibration.report.aims import aimed_refusal
from calibration.statistics.bootstrap import Draws
from calibration.statistics.counted import Counted, counted_by_person
from calibration.statistics.joint_refusal import Measure, refused
from edge.domain.profile import Profile
from edge.trust.profile_file import ProfileFile

JOINTLY = "all jointly"


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A check.

    Attributes:
        name: of the check.
        threshold: the profile's; None = of all checks jointly.
        target: share of genuine attempts that the fit let it refuse; None = the profile does not say.
        refused: genuine attempts of split B that it refuses.
    """

    name: str
    threshold: float | None
    target: float | None
    refused: Counted

    @property
    def record(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return {
            "check": self.name,
            "threshold": self.threshold,
            "target": self.target,
            "refused": self.refused.rate,
            "refused_ci95": self.refused.ends,
            "attempts": self.refused.trials,
        }


def check_rows(attempts: Attempts, profile: Profile, file: ProfileFile, draws: Draws) -> Iterator[CheckRow]:
    """Yield a row a check, and last what all of them refuse: who fails two is refused once.

    Args:
        attempts: genuine ones of split B that match.
        profile: the thresholds, caps and the map between the models; the map has not seen split B.
        file: the profile's file, for what the fit kept.
        draws: of the people of split B.

    Raises:
        ConfigError: scipy is not installed.
    """
    thresholds = check_thresholds(profile)
    measures = {name: measure for name, measure in _measures(attempts, profile).items() if name in thresholds}
    people = draws.counts.shape[1]
    target = aimed_refusal(file)
    trials = np.bincount(attempts.owners, minlength=people)

    def counted(failed: NDArray[np.bool_]) -> Counted:
        return counted_by_person(np.bincount(attempts.owners[failed], minlength=people), trials, draws)

    for name, measure in measures.items():
        yield CheckRow(name, thresholds[name], target, counted(measure.fails(thresholds[name])))
    yield CheckRow(JOINTLY, None, None, counted(refused(measures, thresholds)))


def check_thresholds(profile: Profile) -> dict[str, float]:
    """Return the profile's thresholds by name of check, as ``defense_measures`` names them."""
    squeezed = {
        f"{squeezer} {model}": threshold
        for model, own in profile.squeeze_thresholds.items()
        for squeezer, threshold in own.items()
    }
    drops = {f"random-drop {model}": threshold for model, threshold in profile.random_spread_thresholds.items()}
    baselines = {
        f"{check} {own.model_id}": threshold
        for own in profile.baselines
        for check, threshold in own.thresholds.items()
    }
    pixels = {} if profile.pixel_limits is None else profile.pixel_limits.most
    return {
        "random-score": profile.random_score_threshold,
        **drops,
        **squeezed,
        **baselines,
        **{f"pixel {name}": threshold for name, threshold in pixels.items()},
        "agreement": profile.agreement.threshold,
    }


def _measures(attempts: Attempts, profile: Profile) -> dict[str, Measure]:
    agreement = profile.agreement
    source, target = (attempts.vectors[model] for model in (agreement.source, agreement.target))
    learned = {
        f"{check} {own.model_id}": values
        for own in profile.baselines
        for check, values in own.scores(attempts.vectors[own.model_id]).items()
    }
    learned["agreement"] = mapped_cosines(agreement.weights, source, target)
    return defense_measures(attempts, profile.match, learned, caps=profile.plain_score_caps)
