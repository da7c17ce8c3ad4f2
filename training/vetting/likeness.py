"""How alike a picture is to its own person and to others, when some labels may lie.

A person is the pictures that two reviewers approved, where there are enough of them; else all that carry the name.
A score is the median over a person's pictures, the picture itself left out: a few wrong ones do not move it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.vetting.look import Indices, LookTable, Rows

ENOUGH_TRUSTED = 3
"""Trusted pictures that stand for a person alone."""

LEAST_OTHERS = 4
"""Other pictures of a person, below which a median says too little: nothing is compared with fewer."""

_CANDIDATES = 3  # the people nearest by their mean whom a picture is compared with in full


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """Of every picture of a table, by one model.

    Attributes:
        own: float64 (n,), median score to the person's other pictures; NaN where there are too few.
        other: float64 (n,), the same to the nearest other person; NaN where there is nobody else, or own is NaN.
        nearest: that person's name; empty where there is nobody else.
    """

    own: NDArray[np.float64]
    other: NDArray[np.float64]
    nearest: tuple[str, ...]


def references(table: LookTable, doubted: NDArray[np.bool_] | None = None) -> dict[str, Indices]:
    """Return the rows that stand for every person.

    Args:
        table: what was seen.
        doubted: bool (n,), rows to leave out unless they are trusted or nothing else is left; None = none.
    """
    trusted = np.array([shown.is_trusted for shown in table.shown], dtype=bool)
    chosen = {}
    for name, rows in table.people().items():
        sure = rows[trusted[rows]]
        if len(sure) >= ENOUGH_TRUSTED:
            chosen[name] = sure
            continue
        kept = rows if doubted is None else rows[~doubted[rows] | trusted[rows]]
        chosen[name] = kept if len(kept) else rows
    return chosen


def likeness(probes: Rows, plain: Rows, table: LookTable, people: Mapping[str, Indices]) -> Likeness:
    """Compare every picture with its own person and with the nearest other one.

    Args:
        probes: float32 (n, d) unit rows that are asked about.
        plain: float32 (n, d) unit rows of the same pictures that people are made of.
        table: whose pictures they are.
        people: rows that stand for every person; :func:`references`.
    """
    names = list(people)
    means = np.stack([_unit(plain[rows].mean(axis=0)) for rows in people.values()])
    own = np.full(len(table), np.nan)
    other = np.full(len(table), np.nan)
    nearest = [""] * len(table)
    for name, members in table.people().items():
        mine = names.index(name)
        scores = plain[people[name]] @ probes[members].T
        same = people[name][:, None] == members[None, :]
        least = _least(table, members, people[name])
        own[members] = _medians(np.where(same, np.nan, scores), least=least)
        near = probes[members] @ means.T
        near[:, mine] = -np.inf
        for column, row in enumerate(members.tolist()):
            if np.isnan(own[row]):
                continue
            best = np.argsort(near[column])[::-1][:_CANDIDATES]
            for candidate in best[near[column][best] > -np.inf].tolist():
                score = float(np.median(plain[people[names[candidate]]] @ probes[row]))
                if not score <= other[row]:
                    other[row], nearest[row] = score, names[candidate]
    return Likeness(own, other, tuple(nearest))


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """Who is who by one model, after the pictures that are more like somebody else were left out once.

    Without that, a person with many wrong pictures would have them for company.

    Attributes:
        people: rows that stand for every person.
        plain: how alike the plain pictures are to them.
    """

    people: Mapping[str, Indices]
    plain: Likeness


class Case:
    """A table of looks and what follows from it, computed once for all screens.

    Args:
        table: what was seen.
    """

    def __init__(self, table: LookTable) -> None:
        self.table = table
        self._settled: dict[str, Settled] = {}
        self._hidden: tuple[Likeness, ...] | None = None

    def settled(self, model: str) -> Settled:
        """Return who is who in a model's eyes."""
        if model not in self._settled:
            plain = self.table.plain(model)
            first = likeness(plain, plain, self.table, references(self.table))
            people = references(self.table, doubted=first.other > first.own)
            self._settled[model] = Settled(people, likeness(plain, plain, self.table, people))
        return self._settled[model]

    def hidden(self) -> tuple[Likeness, ...]:
        """Return how alike the verifier finds each hidden view, in the order of the views."""
        if self._hidden is None:
            plain, people = self.table.plain(self.table.verifier), self.settled(self.table.verifier).people
            masks = range(self.table.hidden.shape[1])
            self._hidden = tuple(likeness(self.table.hidden[:, m], plain, self.table, people) for m in masks)
        return self._hidden


def _least(table: LookTable, members: Indices, rows: Indices) -> int:
    """Return how many pictures must be left to compare with.

    Two are enough where all of them are trusted, or where there were others that were doubted; more than there are
    where a person has too few to begin with.
    """
    is_sure = all(table.shown[row].is_trusted for row in rows.tolist())
    return ENOUGH_TRUSTED - 1 if is_sure or len(members) > LEAST_OTHERS else len(rows) + 1


def _medians(scores: NDArray[np.floating], *, least: int) -> NDArray[np.float64]:
    medians = np.full(scores.shape[1], np.nan)
    known = (~np.isnan(scores)).sum(axis=0) >= least
    medians[known] = np.nanmedian(scores[:, known], axis=0)
    return medians


def _unit(vector: NDArray[np.floating]) -> NDArray[np.floating]:
    norm = float(np.linalg.norm(vector))
    return vector / norm if norm > 0 else vector
