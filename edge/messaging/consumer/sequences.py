"""Which places of a chain were seen, as ranges: bounded, however many events came and in whatever order."""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise

MOST_RANGES = 256
"""Holes that are remembered; past that the oldest counts as lost."""

Range = tuple[int, int]


class SeenSequences:
    """Sequence numbers that were seen."""

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        """Begin with inclusive ``ranges``, rising and apart.

        Raises:
            ValueError: they are not.
        """
        self._ranges = list(ranges)
        ends = [end for one in self._ranges for end in one]
        if any(first > last for first, last in self._ranges) or any(a + 1 >= b for a, b in _steps(self._ranges)):
            raise ValueError("ranges must rise and lie apart")
        if ends and ends[0] < 0:
            raise ValueError("a sequence is not negative")

    @property
    def ranges(self) -> tuple[Range, ...]:
        """What was seen, inclusive, rising."""
        return tuple(self._ranges)

    @property
    def holes(self) -> tuple[Range, ...]:
        """What is missing between the first and the last that was seen, inclusive, rising."""
        return tuple((last + 1, first - 1) for last, first in _steps(self._ranges))

    def __contains__(self, sequence: int) -> bool:
        """Return whether ``sequence`` was seen, or is so old that its hole was given up."""
        index = bisect_right(self._ranges, (sequence, sequence)) - 1
        at_or_before = self._ranges[max(index, 0) : index + 2]
        return any(first <= sequence <= last for first, last in at_or_before)

    def add(self, sequence: int) -> None:
        """Note that ``sequence`` was seen. May be repeated."""
        if sequence in self:
            return
        index = bisect_right(self._ranges, (sequence, sequence))
        joins_left = index > 0 and self._ranges[index - 1][1] == sequence - 1
        joins_right = index < len(self._ranges) and self._ranges[index][0] == sequence + 1
        first = self._ranges[index - 1][0] if joins_left else sequence
        last = self._ranges[index][1] if joins_right else sequence
        self._ranges[index - joins_left : index + joins_right] = [(first, last)]
        if len(self._ranges) > MOST_RANGES:
            self._ranges[:2] = [(self._ranges[0][0], self._ranges[1][1])]

    def give_up(self, hole: Range) -> None:
        """Count a hole as seen: it is lost, and nobody waits for it any more."""
        for sequence in (hole[0], hole[1]):
            self.add(sequence)
        inside = [one for one in self._ranges if one[1] < hole[0] or one[0] > hole[1]]
        touching = [one for one in self._ranges if one not in inside]
        merged = (min(one[0] for one in touching), max(one[1] for one in touching))
        self._ranges = sorted([*inside, merged])


def _steps(ranges: list[Range]) -> list[Range]:
    """Return (end of one range, beginning of the next)."""
    return [(before[1], after[0]) for before, after in pairwise(ranges)]
