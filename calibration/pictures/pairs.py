"""Verification pairs and splits in the formats of Labeled Faces in the Wild (LFW, View 2)."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from edge.domain.errors import UsageError


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures, whether they show one person, and the fold that the pair belongs to."""

    first: Path
    second: Path
    is_genuine: bool
    fold: int


def read_pairs(file: Path, images: Path) -> tuple[Pair, ...]:
    """Read a pairs file: a header ``folds<TAB>pairs per kind`` and then, fold by fold, genuine and impostor lines.

    A genuine line is ``name i j``, an impostor line ``name i other j``, separated by tabs.

    Raises:
        UsageError: the file is not in that format, or names a picture that is not there.
    """
    try:
        lines = [line.split() for line in file.read_text("utf-8").splitlines() if line.strip()]
        folds, per_kind = (int(lines[0][0]), int(lines[0][1])) if len(lines[0]) == 2 else (10, int(lines[0][0]))
        pairs = tuple(_pair(cells, images, i // (2 * per_kind)) for i, cells in enumerate(lines[1:]))
    except (OSError, UnicodeDecodeError, ValueError, IndexError) as error:
        raise UsageError(f"{file} is not a pairs file: {error}", hint="give the LFW View 2 format") from error
    if len(pairs) != folds * per_kind * 2:
        raise UsageError(
            f"{file} promises {folds} folds of {2 * per_kind} pairs and holds {len(pairs)}",
            hint="the file was cut or its header is wrong",
        )
    absent = next((p for pair in pairs for p in (pair.first, pair.second) if not p.is_file()), None)
    if absent is not None:
        raise UsageError(f"{absent} is named in {file} and is not there", hint="check --images")
    return pairs


def picture_path(images: Path, name: str, number: int) -> Path:
    """Return the path of a person's picture."""
    return images / name / f"{name}_{number:04d}.jpg"


def in_split_a(name: str) -> bool:
    """Whether an identity belongs to split A (fit and calibrate); all others are split B (report)."""
    return hashlib.sha256(name.encode()).digest()[0] < 0x80


def _pair(cells: list[str], images: Path, fold: int) -> Pair:
    if len(cells) == 3:
        name, i, j = cells
        return Pair(
            picture_path(images, name, int(i)), picture_path(images, name, int(j)), is_genuine=True, fold=fold
        )
    name, i, other, j = cells
    return Pair(picture_path(images, name, int(i)), picture_path(images, other, int(j)), is_genuine=False, fold=fold)
