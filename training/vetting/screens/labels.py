"""Is it whom it is said to show? Frozen models compare it with the others of its person, and with everybody.

Flipped labels, faces of somebody else with a trigger on them, and pictures moved onto somebody else in one model's
space all answer to this: the label and the face disagree for at least one of the models.
"""

import numpy as np
from numpy.typing import NDArray

from training.vetting.likeness import Case
from training.vetting.screen import Suspicions


class OwnScreen:
    """A picture should be like the others of its person.

    Args:
        model: whose eyes.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self.name = f"own-{model}"

    def judge(self, case: Case) -> Suspicions:
        """Score: minus the median score to the person's other pictures."""
        table, found = case.table, case.settled(self._model).plain
        return Suspicions(
            -found.own, lambda row: f"{found.own[row]:.2f} like the others of {table.shown[row].subject}"
        )


class FewScreen:
    """A picture of somebody of whom there are too few others cannot be compared, and is for people to look at."""

    name = "few"

    def judge(self, case: Case) -> Suspicions:
        """Score: 1 where the verifier has too few pictures of the person to compare with, else 0."""
        found = case.settled(case.table.verifier).plain
        return Suspicions(
            np.isnan(found.own).astype(np.float64),
            lambda row: f"too few other pictures of {case.table.shown[row].subject} to compare with",
        )


class OtherScreen:
    """A picture should be more like its own person than like anybody else.

    Args:
        model: whose eyes.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self.name = f"other-{model}"

    def judge(self, case: Case) -> Suspicions:
        """Score: how much nearer somebody else is than the own person."""
        table, found = case.table, case.settled(self._model).plain
        return Suspicions(
            found.other - found.own,
            lambda row: (
                f"nearer to {found.nearest[row]} ({found.other[row]:.2f}) than to"
                f" {table.shown[row].subject} ({found.own[row]:.2f})"
            ),
        )


class NeighborScreen:
    """The nearest pictures should carry the same name (deep k-NN, Peri and others, ECCV workshops 2020).

    Args:
        model: whose eyes.
        count: how many neighbors vote, at most as many as the person has other pictures.
    """

    def __init__(self, model: str, count: int = 10) -> None:
        self._model = model
        self._count = count
        self.name = f"neighbors-{model}"

    def judge(self, case: Case) -> Suspicions:
        """Score: share of the voting neighbors with another name."""
        table = case.table
        plain = table.plain(self._model)
        people = table.people()
        place = {name: number for number, name in enumerate(people)}
        labels = np.array([place[shown.subject] for shown in table.shown])
        sizes = np.array([len(people[shown.subject]) - 1 for shown in table.shown])
        scores = np.full(len(table), np.nan)
        for start in range(0, len(table), _ROWS):
            rows = np.arange(start, min(start + _ROWS, len(table)))
            near = plain[rows] @ plain.T
            near[np.arange(len(rows)), rows] = -np.inf
            best = _nearest(near, min(self._count, len(table) - 1))
            for column, row in enumerate(rows.tolist()):
                voters = best[column, : int(sizes[row])]
                if len(voters):
                    scores[row] = float(np.mean(labels[voters] != labels[row]))
        return Suspicions(scores, lambda row: f"{scores[row]:.0%} of the nearest pictures show somebody else")


def _nearest(near: NDArray[np.float32], few: int) -> NDArray[np.int64]:
    """Return the columns of the highest values of each row, highest first."""
    if few < 1:
        return np.empty((len(near), 0), np.int64)
    chosen = np.argpartition(near, near.shape[1] - few, axis=1)[:, -few:]
    order = np.argsort(-np.take_along_axis(near, chosen, axis=1), axis=1, kind="stable")
    return np.take_along_axis(chosen, order, axis=1)


_ROWS = 64  # together against all: memory stays flat
