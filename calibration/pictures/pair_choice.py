"""Which pairs of a file are measured: those of a split, and no more than so many of each fold."""

from collections.abc import Sequence

from calibration.pictures.cohort import Split
from calibration.pictures.pairs import Pair
from edge.domain.errors import UsageError


def chosen_pairs(pairs: Sequence[Pair], split: Split, *, most_of_fold: int | None = None) -> tuple[Pair, ...]:
    """Return the pairs whose people all belong to a split; of each fold the first so many, half of them genuine.

    Raises:
        UsageError: no genuine or no impostor pair remains.
    """
    kept = [p for p in pairs if split.holds(p.first.parent.name) and split.holds(p.second.parent.name)]
    if {p.is_genuine for p in kept} != {True, False}:
        raise UsageError(
            f"{len(kept)} of {len(pairs)} pairs are of split {split.value}; genuine and impostor pairs are needed",
            hint="give more pairs, or take them all: --split all",
        )
    return tuple(kept) if most_of_fold is None else _thinned(kept, most_of_fold)


def _thinned(pairs: Sequence[Pair], limit: int) -> tuple[Pair, ...]:
    """Return, of each fold, the first half of ``limit`` genuine and impostor pairs each."""
    kept: list[Pair] = []
    for fold in sorted({pair.fold for pair in pairs}):
        for is_genuine in (True, False):
            kept += [p for p in pairs if p.fold == fold and p.is_genuine is is_genuine][: limit // 2]
    return tuple(kept)
