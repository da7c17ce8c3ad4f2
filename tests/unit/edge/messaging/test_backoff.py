import pytest

from edge.messaging.backoff import Backoff


def test_waits_double_up_to_the_longest() -> None:
    backoff = Backoff(1, 10, lambda: 1.0)
    assert [backoff.next_s() for _ in range(6)] == [1, 2, 4, 8, 10, 10]


def test_jitter_takes_from_the_upper_half() -> None:
    assert Backoff(4, 10, lambda: 0.0).next_s() == 2
    assert Backoff(4, 10, lambda: 0.5).next_s() == 3


def test_a_jump_takes_the_longest_and_a_reset_the_shortest() -> None:
    backoff = Backoff(1, 10, lambda: 1.0)
    backoff.jump()
    assert backoff.next_s() == 10
    backoff.reset()
    assert backoff.next_s() == 1


@pytest.mark.parametrize(("least", "most"), [(0, 1), (-1, 1), (2, 1)])
def test_senseless_bounds_are_refused(least: float, most: float) -> None:
    with pytest.raises(ValueError):
        Backoff(least, most, lambda: 0.0)
