"""Thresholds fitted on one half keep their rate on the other, and are not asked for what it cannot resolve."""

import pytest

from calibration.fitting.halves import LEAST_HITS, Aims, Kept, record_of, repeats
from calibration.statistics.counted import Counted
from calibration.statistics.intervals import Interval
from edge.domain.errors import UsageError
from edge.domain.profile import MatchPoint
from tests.support.people_of_vectors import MODELS, people_of_vectors

pytest.importorskip("scipy")

POINT = MatchPoint(threshold=0.5, weights=dict.fromkeys(MODELS, 0.5), floors={}, alone={})
FLOORS = dict.fromkeys(MODELS, 0.01)


def test_rates_hold_on_the_other_half() -> None:
    readings = people_of_vectors([3] * 120)
    rows = list(repeats(readings, (readings,), POINT, MODELS[0], Aims(match=1e-6, floors=FLOORS), halves=2))
    assert len(rows) == 2 * 6
    assert {row.level for row in rows} == {1 - 0.05 / 6}
    comparisons = rows[0].counted.trials
    assert comparisons == 60 * 3 * 2 * 59
    (match, *_) = rows
    assert match.aim == LEAST_HITS / comparisons
    assert sum(row.inside for row in rows) >= 10
    assert list(record_of(match))[:7] == ["point", "half", "threshold", "aim", "rate", "rate_ci95", "inside"]
    assert rows[0].threshold != rows[6].threshold


def test_too_few_people_are_told() -> None:
    with pytest.raises(UsageError, match=r"fewer than 10 pass at 0\.01"):
        list(repeats(people_of_vectors([2] * 10), (), POINT, MODELS[0], Aims(match=1e-3, floors=FLOORS), halves=1))


@pytest.mark.parametrize(("low", "inside"), [(0.01, True), (0.02, False)])
def test_inside_is_of_the_interval(low: float, inside: bool) -> None:
    counted = Counted(5, 100, Interval(low, 0.1))
    assert Kept("match", 0, 0.5, 0.015, counted, 0.99).inside is inside
    assert not Kept("match", 0, 0.5, 0.015, Counted(0, 0, None), 0.99).inside
