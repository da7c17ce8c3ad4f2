"""Where faces lie to each other, as the frozen verifier sees them: neighbors of a picture, and all on a plane.

The looks are those that the last vetting kept. Nobody signed them: the map points at what to look at, no more.
"""

import threading
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from training.vetting.look import Look, Rows
from training.vetting.looker import VERIFIER

MOST_POINTS = 20_000
"""Of one map: more dots than that say no more."""


class Seen(Protocol):
    """Looks that were kept; :class:`training.vetting.run.SeenLooks`."""

    def find(self, sha256: str) -> Look | None:
        """Return the look of a picture, or None."""
        ...


class EmbeddingMap:
    """Keeps the verifier's row of every picture that was asked for. Thread-safe.

    Args:
        seen: where looks are read.
    """

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._lock = threading.Lock()
        self._places: dict[str, int] = {}
        self._rows: Rows = np.empty((0, 0), np.float32)  # with room for more than there are

    def known(self, pictures: Sequence[str]) -> list[str]:
        """Return those of ``pictures``, by sha256, whose look was kept."""
        with self._lock:
            for sha256 in pictures:
                if sha256 not in self._places and (row := _row(self._seen.find(sha256))) is not None:
                    self._add(sha256, row)
            return [sha256 for sha256 in pictures if sha256 in self._places]

    def nearest(self, pictures: Sequence[str], among: Sequence[str], most: int) -> list[list[tuple[str, float]]]:
        """Return, for each of ``pictures``, those of ``among`` that look most like it, with cosines, in that order.

        Pictures without a look, and the picture itself, are left out.
        """
        others, asked = self.known(among), frozenset(self.known(pictures))
        if not others or not asked:
            return [[] for _ in pictures]
        rows = self._of(others)
        found = []
        for sha256 in pictures:
            cosines = rows @ self._of([sha256])[0] if sha256 in asked else np.empty(0, np.float32)
            order = np.argsort(-cosines, kind="stable")[: most + 1].tolist()
            near = [(others[place], round(float(cosines[place]), 4)) for place in order if others[place] != sha256]
            found.append(near[:most])
        return found

    def plane(self, pictures: Sequence[str]) -> NDArray[np.float32]:
        """Return pictures that are :meth:`known` on the plane of their two principal components.

        Returns:
            float32 (n, 2), scaled so that the farthest coordinate is 1 or -1.
        """
        return principal_plane(self._of(pictures)) if pictures else np.zeros((0, 2), np.float32)

    def _of(self, pictures: Sequence[str]) -> Rows:
        with self._lock:
            rows: Rows = self._rows[[self._places[sha256] for sha256 in pictures]]
        return rows

    def _add(self, sha256: str, row: Rows) -> None:
        place = len(self._places)
        if place == len(self._rows):
            grown = np.empty((max(256, 2 * place), len(row)), np.float32)
            grown[:place] = self._rows[:place] if place else grown[:0]
            self._rows = grown
        if row.shape == self._rows.shape[1:]:
            self._rows[place] = row
            self._places[sha256] = place


def principal_plane(rows: Rows) -> NDArray[np.float32]:
    """Return rows on their first two principal components (Pearson 1901), by an SVD.

    Args:
        rows: float32 (n, d), n at least 1.

    Returns:
        float32 (n, 2), within -1..1, both axes scaled alike; the same rows always give the same picture.
    """
    centered = rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64)
    axes = np.zeros((2, rows.shape[1]))
    is_tall = len(rows) > rows.shape[1]
    square_or_wide = centered.T @ centered if is_tall else centered  # both have the same right vectors
    found = np.linalg.svd(square_or_wide, full_matrices=False, hermitian=is_tall)[2][:2]
    axes[: len(found)] = found
    largest = np.abs(axes).argmax(axis=1)
    axes *= np.where(axes[np.arange(2), largest] < 0, -1.0, 1.0)[:, None]  # SVD leaves the signs open
    points = centered @ axes.T
    farthest = float(np.abs(points).max())
    if farthest < 1e-9:
        return np.zeros((len(rows), 2), np.float32)
    scaled: NDArray[np.float32] = (points / farthest).astype(np.float32)
    return scaled


def thinned(pictures: Sequence[str], always: frozenset[str], most: int = MOST_POINTS) -> list[str]:
    """Return at most ``most`` pictures: those of ``always`` first, then an even sample of the others, in order."""
    kept = [sha256 for sha256 in pictures if sha256 in always][:most]
    others = [sha256 for sha256 in pictures if sha256 not in always]
    room = most - len(kept)
    step = max(1, -(-len(others) // room)) if room else len(others) + 1
    return kept + (others[::step] if room else [])


def _row(look: Look | None) -> Rows | None:
    row = None if look is None else look.plain.get(VERIFIER)
    return row if row is not None and row.ndim == 1 and bool(np.isfinite(row).all()) else None
