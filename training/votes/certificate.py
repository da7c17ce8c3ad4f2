"""How many contributors may lie before a vote can turn."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class CertifiedVotes:
    """What a vote comes to, and what it stands.

    Attributes:
        winners: int (n,), the person with the most votes; of equals the first.
        stands: int (n,), contributors who may lie, whatever they bring, without another winner.
    """

    winners: NDArray[np.int64]
    stands: NDArray[np.int64]

    def certified_accuracy(self, truth: NDArray[np.int64], bad: int) -> float:
        """Return the share of pictures that are named right whatever ``bad`` contributors bring."""
        return float(np.mean((self.winners == truth) & (self.stands >= bad)))


def certify(votes: NDArray[np.int64], people: int) -> CertifiedVotes:
    """Return the winners and how many lying contributors each stands.

    One contributor moves at most one vote from the winner to somebody else, which closes the gap by two. Of equals
    the first person wins, so who comes after the winner must overtake and who comes before need only draw level
    (Levine and Feizi, ICLR 2021, theorem 1).

    Args:
        votes: int (n, contributors), classes.
        people: how many classes there are.
    """
    counts = np.stack([np.bincount(row, minlength=people) for row in votes])
    winners = counts.argmax(axis=1)
    rivals = counts + (np.arange(people)[None, :] < winners[:, None])
    rows = np.arange(len(votes))
    rivals[rows, winners] = 0
    gap = counts[rows, winners] - rivals.max(axis=1)
    return CertifiedVotes(winners.astype(np.int64), np.maximum(gap // 2, 0).astype(np.int64))
