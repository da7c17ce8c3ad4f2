"""Many checks share one budget; who fails two checks is refused once."""

import numpy as np
import pytest

from calibration.statistics.joint_refusal import Measure, refused, share_out

RNG = np.random.default_rng(3)


def _measures(count: int = 2000, checks: int = 6) -> dict[str, Measure]:
    return {f"check-{i}": Measure(RNG.normal(size=count), is_floor=i % 2 == 0) for i in range(checks)}


def test_all_together_refuse_no_more_than_the_budget_and_nearly_all_of_it() -> None:
    shares = share_out(_measures(), 0.02)
    assert 0.015 < shares.together <= 0.02
    assert shares.each < 0.02


def test_checks_that_refuse_the_same_people_may_refuse_more_each() -> None:
    values = RNG.normal(size=2000)
    alike = share_out({f"check-{i}": Measure(values, is_floor=True) for i in range(6)}, 0.02)
    assert alike.each > share_out(_measures(), 0.02).each


def test_a_value_on_the_threshold_passes() -> None:
    measures = {
        "floor": Measure(np.arange(100.0), is_floor=True),
        "ceiling": Measure(np.arange(100.0), is_floor=False),
    }
    shares = share_out(measures, 0.1)
    failed = refused(measures, shares.thresholds)
    assert failed.sum() == 10
    assert failed[:5].all()
    assert failed[-5:].all()


def test_a_number_that_is_none_is_refused() -> None:
    measures = {"floor": Measure(np.array([np.nan, 1.0]), is_floor=True)}
    assert refused(measures, {"floor": 0.0}).tolist() == [True, False]
    ceiling = {"ceiling": Measure(np.array([np.nan, 1.0]), is_floor=False)}
    assert refused(ceiling, {"ceiling": 2.0}).tolist() == [True, False]


@pytest.mark.parametrize(
    "measures",
    [
        {},
        {"a": Measure(np.zeros(0), is_floor=True)},
        {"a": Measure(np.zeros(3), is_floor=True), "b": Measure(np.zeros(4), is_floor=True)},
    ],
)
def test_nothing_to_share_is_refused(measures: dict[str, Measure]) -> None:
    with pytest.raises(ValueError, match="same attempts"):
        share_out(measures, 0.02)
