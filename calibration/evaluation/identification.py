"""Counts what became of identification attempts, in the terms of ISO/IEC 19795-1.

TPIR, the true-positive identification rate, is the share of attempts of enrolled people that are granted as
themselves. FPIR, the false-positive identification rate, is the share of attempts of people who are not enrolled that
are granted as anybody. An attempt without a usable picture is a failure to acquire. It was not granted, and it stays
in the denominator of both rates.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from calibration.evaluation.deciding import Answer
from calibration.statistics.intervals import Interval, clopper_pearson
from calibration.statistics.rates import Rate

RESAMPLES = 2_000
SEED = 20261124


@dataclass(frozen=True, slots=True)
class Attempt:
    """One probe.

    Attributes:
        person: who is on the picture.
        is_enrolled: whether that person is in the gallery: a genuine probe; else an impostor's.
        answer: what was said of it.
    """

    person: str
    is_enrolled: bool
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """What became of all attempts.

    Attributes:
        granted: genuine probes granted as themselves; its rate is the TPIR.
        misidentified: genuine probes granted as somebody else.
        granted_wrong: impostor probes granted as anybody; its rate is the FPIR.
        not_acquired: genuine and impostor probes without a usable picture.
        not_acquired_genuine: the genuine ones among them.
        fpir_identity_ci95: interval of the FPIR over impostors instead of pictures; None without impostors.
        refused: genuine probes that were refused, by the policy's reason.
        refused_by: the same, by the step that refused.
    """

    granted: Rate
    misidentified: Rate
    granted_wrong: Rate
    not_acquired: Rate
    not_acquired_genuine: Rate
    fpir_identity_ci95: Interval | None
    refused: Mapping[str, int]
    refused_by: Mapping[str, int]


def count_attempts(attempts: Sequence[Attempt]) -> Identification:
    """Count.

    Raises:
        ConfigError: scipy is not installed.
    """
    genuine = [a for a in attempts if a.is_enrolled]
    impostors = [a for a in attempts if not a.is_enrolled]
    refused = [a.answer for a in genuine if a.answer.granted is None]
    return Identification(
        granted=Rate(sum(a.answer.granted == a.person for a in genuine), len(genuine)),
        misidentified=Rate(sum(a.answer.granted not in (None, a.person) for a in genuine), len(genuine)),
        granted_wrong=Rate(sum(a.answer.granted is not None for a in impostors), len(impostors)),
        not_acquired=Rate(sum(not a.answer.is_acquired for a in attempts), len(attempts)),
        not_acquired_genuine=Rate(sum(not a.answer.is_acquired for a in genuine), len(genuine)),
        fpir_identity_ci95=_interval_over_people(impostors),
        refused=dict(Counter(answer.reason.value for answer in refused).most_common()),
        refused_by=dict(Counter(answer.step for answer in refused).most_common()),
    )


def _interval_over_people(impostors: Sequence[Attempt]) -> Interval | None:
    """Return the 95 % percentile interval of the FPIR over resampled impostors, each with all their pictures.

    Pictures of one person resemble each other, so they are fewer independent trials than they are pictures (random
    uncertainty in ISO/IEC 19795-1). Where nobody was granted a bootstrap has no width; then the exact interval of no
    hit among so many people stands in.
    """
    hits: Counter[str] = Counter()
    trials: Counter[str] = Counter()
    for attempt in impostors:
        trials[attempt.person] += 1
        hits[attempt.person] += attempt.answer.granted is not None
    if not trials:
        return None
    if not hits.total():
        return clopper_pearson(0, len(trials))
    of_each = np.array([[hits[person], trials[person]] for person in sorted(trials)])
    rng = np.random.default_rng(SEED)
    drawn = of_each[rng.integers(len(of_each), size=(RESAMPLES, len(of_each)))].sum(axis=1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], (0.025, 0.975))
    return Interval(float(low), float(high))
