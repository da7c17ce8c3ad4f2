import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.messaging.consumer.sequences import MOST_RANGES, SeenSequences


@given(st.lists(st.integers(1, 60)))
def test_it_knows_what_was_added_and_nothing_else(sequences: list[int]) -> None:
    seen = SeenSequences()
    for sequence in sequences:
        seen.add(sequence)
    assert [number for number in range(62) if number in seen] == sorted(set(sequences))
    missing = {number for first, last in seen.holes for number in range(first, last + 1)}
    expected = set(range(min(sequences), max(sequences))) - set(sequences) if sequences else set()
    assert missing == expected
    assert SeenSequences(seen.ranges).ranges == seen.ranges


@given(st.lists(st.integers(1, 60), min_size=2))
def test_a_hole_that_is_given_up_is_closed_and_others_stay(sequences: list[int]) -> None:
    seen = SeenSequences()
    for sequence in sequences:
        seen.add(sequence)
    for hole in seen.holes:
        others = [other for other in seen.holes if other != hole]
        seen.give_up(hole)
        assert list(seen.holes) == others
        assert SeenSequences(seen.ranges).ranges == seen.ranges


def test_a_thousand_holes_take_no_more_memory() -> None:
    seen = SeenSequences()
    for sequence in range(0, 4 * MOST_RANGES, 2):
        seen.add(sequence)
    assert len(seen.ranges) == MOST_RANGES
    assert 1 in seen, "the oldest holes count as lost"
    assert 4 * MOST_RANGES - 3 not in seen


@pytest.mark.parametrize("ranges", [[(2, 1)], [(1, 2), (3, 4)], [(5, 6), (1, 2)], [(-1, 2)]])
def test_ranges_that_make_no_sense_are_refused(ranges: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError):
        SeenSequences(ranges)
