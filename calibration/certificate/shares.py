"""Thresholds of all masks: each group keeps its bound, counted jointly, at the least loss of genuine people.

An impostor is counted once for a group however many of its masks let them pass: the attacker chooses the mask, so
the bound is on the union. How a group shares its bound among its masks is searched by coordinate ascent on a smoothed
count of genuine attempts that pass every mask; all shares of a group are then scaled until its union meets the bound.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating]
Thresholds = NDArray[np.float64]

SOFTNESS = 0.02
"""Score over which a genuine attempt counts as half passed: about the error of a fitted threshold."""
_FACTORS = (0.3, 0.6, 1.6, 3.0)
_SWEEPS = 2
_HALVINGS = 16
_MOST_SCALE = 20.0


def share_out(genuine: Scores, impostor: Scores, groups: Sequence[str], bounds: Mapping[str, float]) -> Thresholds:
    """Return a threshold a mask.

    Args:
        genuine: (g, masks) scores of genuine attempts.
        impostor: (i, masks) scores of impostors; NaN matches nobody.
        groups: (masks,) each mask's group.
        bounds: most impostors that any mask of a group may let pass, 0..1, by group.

    Raises:
        ValueError: a group's bound is missing or cannot be resolved by so many impostors.
    """
    names = sorted(set(groups))
    if any(name not in bounds or bounds[name] * len(impostor) < 1 for name in names):
        raise ValueError(f"{len(impostor)} impostors cannot resolve the bounds {dict(bounds)} of {names}")
    tails = {name: _Tail(impostor, [i for i, g in enumerate(groups) if g == name], bounds[name]) for name in names}
    thresholds = np.empty(len(groups))
    for tail in tails.values():
        thresholds[tail.columns] = tail.thresholds()
    best = _softly_passed(genuine, thresholds)
    for _ in range(_SWEEPS):
        before = best
        for tail in tails.values():
            for mask in range(len(tail.columns) if len(tail.columns) > 1 else 0):
                for factor in _FACTORS:
                    tried = thresholds.copy()
                    shares = tail.shares.copy()
                    shares[mask] *= factor
                    tried[tail.columns] = tail.thresholds(shares)
                    passed = _softly_passed(genuine, tried)
                    if passed > best:
                        best, thresholds, tail.shares = passed, tried, shares
        if best <= before:
            break
    return thresholds


def union_rate(impostor: Scores, thresholds: Thresholds) -> float:
    """Return the share of impostors whom any mask lets pass."""
    return float((impostor >= thresholds).any(axis=1).mean())


class _Tail:
    """One group's masks and the impostors that come near passing any of them.

    Args:
        impostor: (i, masks) scores of all masks.
        columns: the group's masks.
        bound: most of all impostors that may pass.
    """

    def __init__(self, impostor: Scores, columns: Sequence[int], bound: float) -> None:
        self.columns = list(columns)
        scores = np.nan_to_num(np.asarray(impostor[:, self.columns], np.float64), nan=-2.0)
        self._count = len(scores)
        self._bound = bound
        self.shares = np.full(len(self.columns), bound / len(self.columns))
        deepest = min(self._count - 1, int(self._count * min(0.5, bound * _MOST_SCALE)))
        self._ordered = -np.sort(-scores, axis=0)[: deepest + 1]
        self._near = scores[(scores >= self._ordered[-1]).any(axis=1)]

    def thresholds(self, shares: NDArray[np.float64] | None = None) -> Thresholds:
        """Return the loosest thresholds in these proportions under which the union keeps the bound."""
        wanted = self.shares if shares is None else shares
        low, high = 0.0, _MOST_SCALE
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            passed = (self._near >= self._at(wanted * middle)).any(axis=1).sum()
            if passed <= self._bound * self._count:
                low = middle
            else:
                high = middle
        return self._at(wanted * low)

    def _at(self, shares: NDArray[np.float64]) -> Thresholds:
        """Return the thresholds that let at most these shares pass, mask by mask."""
        ranks = np.minimum((shares * self._count).astype(int), len(self._ordered) - 1)
        edges: Thresholds = np.nextafter(self._ordered[ranks, np.arange(len(self.columns))], np.inf)
        return edges


def _softly_passed(genuine: Scores, thresholds: Thresholds) -> float:
    margins = np.nan_to_num((genuine - thresholds).min(axis=1), nan=-2.0)
    return float(np.mean(1 / (1 + np.exp(-np.clip(margins / SOFTNESS, -30, 30)))))
