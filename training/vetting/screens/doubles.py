"""The same picture twice, or nearly: one under another name is a lie, many under one name are no evidence."""

import numpy as np
from numpy.typing import NDArray

from training.vetting.likeness import Case
from training.vetting.look import LookTable
from training.vetting.screen import Suspicions

_BITS = 64
_BANDS = 8
FAR_BITS = _BANDS - 1
"""Two hashes that differ in fewer bits than there are bands agree in one band at least: none within it is missed."""


class DoubleScreen:
    """Pictures of two names, or of two contributors, must not be near-duplicates of each other."""

    name = "doubles"

    def judge(self, case: Case) -> Suspicions:
        """Score: bits of 64 in which the nearest such picture's hash agrees, as a share; NaN where none is near."""
        table = case.table
        hashes = [int(shown.perceptual, 16) for shown in table.shown]
        scores = np.full(len(table), np.nan)
        twin = np.full(len(table), -1)
        for one, two in sorted(_near_pairs(hashes)):
            if (table.shown[one].subject, table.shown[one].contributor) == (
                table.shown[two].subject,
                table.shown[two].contributor,
            ):
                continue
            alike = 1.0 - (hashes[one] ^ hashes[two]).bit_count() / _BITS
            for row, its_twin in ((one, two), (two, one)):
                if not scores[row] >= alike:
                    scores[row], twin[row] = alike, its_twin
        return Suspicions(scores, lambda row: _note(table, row, twin))


def _near_pairs(hashes: list[int]) -> set[tuple[int, int]]:
    """Return the pairs of rows whose hashes differ in at most ``FAR_BITS`` bits."""
    width = _BITS // _BANDS
    pairs: set[tuple[int, int]] = set()
    for band in range(_BANDS):
        rooms: dict[int, list[int]] = {}
        for row, value in enumerate(hashes):
            rooms.setdefault(value >> (band * width) & (1 << width) - 1, []).append(row)
        for rows in rooms.values():
            pairs.update(_near_within(rows, hashes))
    return pairs


def _near_within(rows: list[int], hashes: list[int]) -> list[tuple[int, int]]:
    values: NDArray[np.uint64] = np.array([hashes[row] for row in rows], dtype=np.uint64)
    found = []
    for place, row in enumerate(rows[:-1]):
        bits = np.bitwise_count(values[place + 1 :] ^ values[place])
        found += [(row, rows[place + 1 + other]) for other in np.flatnonzero(bits <= FAR_BITS).tolist()]
    return found


def _note(table: LookTable, row: int, twin: NDArray[np.int64]) -> str:
    other = table.shown[int(twin[row])]
    return f"nearly the picture {other.sha256[:16]} of {other.subject}, from {other.contributor}"
