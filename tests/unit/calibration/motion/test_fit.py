"""The bound between pictures and people: between both, without each person once, refused where there is none."""

import math

import pytest

from calibration.motion.fit import Shown, fit_replay
from edge.domain.errors import UsageError


def shown(who: str, *reached: float) -> list[Shown]:
    return [Shown(who=who, what="", reached=value) for value in reached]


PICTURES = shown("x", 0.001, 0.004)
CLIPS = [*shown("p1", 0.04, 0.09), *shown("p2", 0.16), *shown("p3", 0.36)]


def test_the_bound_lies_between_pictures_and_people() -> None:
    fit = fit_replay(CLIPS, PICTURES, shown("y", 0.001, 0.02, math.nan))
    assert fit.threshold == pytest.approx(math.sqrt(0.004 * 0.04))
    assert fit.passed[0] == 1
    assert fit.passed[1].low < 1 / 3 < fit.passed[1].high


def test_everybody_is_judged_without_themselves() -> None:
    fit = fit_replay(CLIPS, PICTURES, PICTURES)
    (first, *rest) = fit.left_out
    assert (first.person, first.clips) == ("p1", 2)
    assert first.threshold == pytest.approx(math.sqrt(0.004 * 0.16))
    assert [left.refused for left in (first, *rest)] == [0, 0, 0]
    assert fit_replay([*shown("p1", 0.005), *CLIPS[2:]], PICTURES, PICTURES).left_out[0].refused == 1


def test_a_clip_that_could_not_be_measured_is_refused() -> None:
    fit = fit_replay([*CLIPS, *shown("p4", math.nan)], PICTURES, PICTURES)
    assert fit.left_out[-1].refused == 1


@pytest.mark.parametrize(
    ("clips", "pictures"),
    [(CLIPS, shown("x", 0.05)), (CLIPS, []), (shown("p1", 0.1), PICTURES), (CLIPS, shown("x", math.nan))],
    ids=["crossed", "no pictures", "one person", "nothing measured"],
)
def test_where_there_is_no_bound_it_is_said(clips: list[Shown], pictures: list[Shown]) -> None:
    with pytest.raises(UsageError):
        fit_replay(clips, pictures, PICTURES)
