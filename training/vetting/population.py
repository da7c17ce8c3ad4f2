"""Is what came like what is trusted, as a whole? How it is spread over people and contributors, and its shift.

Who is shown differs between any two sets of people, so identity is taken out first: what is compared is how a picture
differs from its own person's mean.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from training.vetting.likeness import Case
from training.vetting.look import Shown

LEAST_PICTURES = 30
"""On both sides, before a shift can be told."""

_MOST_ROWS = 400  # of each side: the permutations cost their square
_PERMUTATIONS = 199
_SEED = 0


@dataclass(frozen=True, slots=True)
class Balance:
    """How pictures are spread.

    Attributes:
        people: how many subjects.
        fewest: pictures of the subject with the fewest.
        most: pictures of the subject with the most.
        contributors: how many brought them.
        largest_contributor: share of pictures from whoever brought the most.
    """

    people: int
    fewest: int
    most: int
    contributors: int
    largest_contributor: float


@dataclass(frozen=True, slots=True)
class Shift:
    """Whether new pictures come from another distribution than trusted ones.

    Attributes:
        what: what is compared.
        statistic: of the test; larger is farther apart.
        p_value: chance of that or more if there were no shift.
    """

    what: str
    statistic: float
    p_value: float


def balance(shown: Sequence[Shown]) -> Balance:
    """Return how pictures, at least one, are spread over people and contributors."""
    people = Counter(picture.subject for picture in shown).values()
    contributors = Counter(picture.contributor for picture in shown).values()
    return Balance(len(people), min(people), max(people), len(contributors), max(contributors) / len(shown))


def shifts(case: Case) -> tuple[Shift, ...]:
    """Compare the pictures of a table that are not trusted with the trusted ones; empty where either are too few.

    Two-sample Kolmogorov-Smirnov tests of how like its own person a picture is and of how far a median filter moves
    it; maximum mean discrepancy (Gretton and others, JMLR 2012) of what is left of an embedding without its person.
    """
    table = case.table
    trusted = np.array([shown.is_trusted for shown in table.shown], dtype=bool)
    if min(trusted.sum(), (~trusted).sum()) < LEAST_PICTURES:
        return ()
    plain, squeezed = table.plain(table.verifier), table.squeezed(table.verifier)
    own = case.settled(table.verifier).plain.own
    moved = 1.0 - np.einsum("nd,nd->n", plain, squeezed)
    found = [_ks("likeness to the own person", own, trusted), _ks("effect of a median filter", moved, trusted)]
    residual = np.array(plain, np.float64)
    for rows in table.people().values():
        residual[rows] -= residual[rows].mean(axis=0)
    return (*found, _mmd("embeddings without their person", residual, trusted))


def _ks(what: str, values: NDArray[np.floating], trusted: NDArray[np.bool_]) -> Shift:
    known = ~np.isnan(values)
    test = ks_2samp(values[known & trusted], values[known & ~trusted])
    return Shift(what, float(test.statistic), float(test.pvalue))


def _mmd(what: str, rows: NDArray[np.float64], trusted: NDArray[np.bool_]) -> Shift:
    rng = np.random.default_rng(_SEED)
    chosen = [_some(np.flatnonzero(side), rng) for side in (trusted, ~trusted)]
    pool = rows[np.concatenate(chosen)]
    squared = _squared(pool)
    kernel = np.exp(-squared / max(float(np.median(squared)), 1e-12))
    count = len(chosen[0])
    order = np.arange(len(pool))
    observed = _discrepancy(kernel, order, count)
    drawn = [_discrepancy(kernel, rng.permutation(order), count) for _ in range(_PERMUTATIONS)]
    return Shift(what, observed, (1 + sum(value >= observed for value in drawn)) / (1 + _PERMUTATIONS))


def _squared(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = (rows**2).sum(axis=1)
    return np.asarray(np.maximum(lengths[:, None] + lengths[None, :] - 2.0 * rows @ rows.T, 0.0))


def _discrepancy(kernel: NDArray[np.float64], order: NDArray[np.int64], count: int) -> float:
    one, two = order[:count], order[count:]
    within = kernel[np.ix_(one, one)].mean() + kernel[np.ix_(two, two)].mean()
    return float(within - 2.0 * kernel[np.ix_(one, two)].mean())


def _some(rows: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    return rows if len(rows) <= _MOST_ROWS else np.sort(rng.choice(rows, _MOST_ROWS, replace=False))
