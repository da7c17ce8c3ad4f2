"""The role of a screen, and what it says."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from training.vetting.likeness import Case


@dataclass(frozen=True, slots=True, eq=False)
class Suspicions:
    """What a screen makes of every picture of a table.

    Attributes:
        scores: float64 (n,), higher = more suspect; NaN where it has nothing to compare a picture with.
        notes: what speaks against a picture, in words, by row; asked for the ones that are found alone.
    """

    scores: NDArray[np.float64]
    notes: "Notes"


class Notes(Protocol):
    """Says in words what speaks against a picture."""

    def __call__(self, row: int) -> str:
        """Return one line, without a full stop."""
        ...


class Screen(Protocol):
    """One way of being suspicious."""

    @property
    def name(self) -> str:
        """Its name in findings and in the table of limits."""
        ...

    def judge(self, case: Case) -> Suspicions:
        """Return how suspect every picture is."""
        ...
