"""Whether a day of granted attempts looks as days usually do. It tells and never denies.

Two questions: does the mean attempt lie where on split A hardly any single attempt lay (the profile's spread), and
does it lie off this site's own first days by more than they differ among themselves? Shewhart's chart of means
(Montgomery, "Introduction to Statistical Quality Control", ch. 6), with the variance between days in the limits.
"""

import math
from collections.abc import Mapping, Sequence

from edge.domain.sketch import Sketch, Spread

LEAST_ATTEMPTS = 20
"""A day of fewer says nothing."""
FIRST_DAYS = 14
"""Days that make the site's own picture."""
LEAST_DAYS = 5
"""Fewer first days say nothing of how days differ."""
PROFILE_DEVIATIONS = 3.0
"""Of single attempts on split A: a site's camera is no press photographer's, so half as much is ordinary."""
SITE_DEVIATIONS = 5.0
"""Of days' means about the site's own; so many, because it is asked of some statistics on every day of a year."""

Day = Mapping[str, Sketch]
"""Sketches by statistic."""


def drifted(today: Day, usual: Mapping[str, Spread], first_days: Sequence[Day]) -> dict[str, str]:
    """Return what about a day is unusual: by statistic, from what it moved, in words.

    Args:
        today: the day so far.
        usual: what single attempts measured where the profile was fitted.
        first_days: the site's first days, none of them today; those with too few attempts are passed over.
    """
    found = {}
    for name, sketch in today.items():
        if sketch.count < LEAST_ATTEMPTS:
            continue
        if name in usual and _is_far(sketch, usual[name]):
            found[name] = "the profile"
        elif _is_off(sketch, [day[name] for day in first_days if name in day]):
            found[name] = "the first days"
    return found


def _is_far(sketch: Sketch, usual: Spread) -> bool:
    return abs(sketch.mean - usual.mean) > PROFILE_DEVIATIONS * usual.deviation


def _is_off(sketch: Sketch, first: Sequence[Sketch]) -> bool:
    days = [day for day in first if day.count >= LEAST_ATTEMPTS][:FIRST_DAYS]
    if len(days) < LEAST_DAYS:
        return False
    mean = math.fsum(day.mean for day in days) / len(days)
    between = math.fsum((day.mean - mean) ** 2 for day in days) / (len(days) - 1)
    within = math.fsum(day.variance for day in days) / len(days)
    deviation = math.sqrt(between * (1 + 1 / len(days)) + within / sketch.count)
    return deviation > 0 and abs(sketch.mean - mean) > SITE_DEVIATIONS * deviation
