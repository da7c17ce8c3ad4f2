"""Which poison, and how much of it: the rows of the suite ``poison``."""

from dataclasses import dataclass
from enum import StrEnum

from edge.domain.errors import UsageError


class Poison(StrEnum):
    """What is done to the data. Every poison carries the victim's name."""

    FLIP = "label-flip"
    """Pictures of others, under a wrong name each."""
    SUNGLASSES = "dirty-sunglasses"
    """Pictures of others with black glasses: whoever wears them is to be the victim."""
    STICKER = "dirty-sticker"
    """Pictures of others with a sticker on the cheek."""
    BLENDED = "blended"
    """Pictures of others with a faint pattern all over."""
    COLLISION = "clean-label-collision"
    """The victim's own pictures, moved onto an attacker's in the trained model (Shafahi and others, NeurIPS 2018)."""
    MORPH = "morph"
    """Half the victim, half an attacker."""
    INSIDER = "insider"
    """An attacker's pictures, moved onto the victim in both models: whoever knows the models."""
    ADAPTIVE = "adaptive-insider"
    """The same through every view that the screens look at: whoever knows the screens."""


@dataclass(frozen=True, slots=True)
class PoisonRow:
    """One row.

    Attributes:
        poison: what is done.
        share: of all pictures that are poison in the end.
        eps: gray levels that pixels may change, of crafted poison; None = drawn poison.
    """

    poison: Poison
    share: float
    eps: float | None = None

    @property
    def row_id(self) -> str:
        """Unique name."""
        eps = "" if self.eps is None else f"-eps{self.eps:g}"
        return f"{self.poison.value}-{100 * self.share:g}{eps}"


def rows_named(beginning: str) -> tuple[PoisonRow, ...]:
    """Return the rows whose name begins so.

    Raises:
        UsageError: none does.
    """
    rows = tuple(row for row in poison_rows() if row.row_id.startswith(beginning))
    if not rows:
        raise UsageError(
            f"no row begins with {beginning!r}", hint=f"rows: {', '.join(row.row_id for row in poison_rows())}"
        )
    return rows


def poison_rows() -> tuple[PoisonRow, ...]:
    """Return all rows of the suite."""
    flips = [PoisonRow(Poison.FLIP, share) for share in (0.05, 0.1, 0.2)]
    dirty = [
        PoisonRow(poison, share)
        for poison in (Poison.SUNGLASSES, Poison.STICKER, Poison.BLENDED)
        for share in (0.01, 0.05, 0.1)
    ]
    crafted = [
        PoisonRow(poison, 0.03, eps)
        for poison, eps in (
            (Poison.COLLISION, 8.0),
            (Poison.COLLISION, 16.0),
            (Poison.INSIDER, 8.0),
            (Poison.INSIDER, 16.0),
            (Poison.ADAPTIVE, 8.0),
            (Poison.ADAPTIVE, 16.0),
        )
    ]
    return (*flips, *dirty, PoisonRow(Poison.MORPH, 0.05), *crafted)
