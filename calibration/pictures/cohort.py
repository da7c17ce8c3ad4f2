"""Who takes part in an identification test: people who may be enrolled, and everybody else of a split."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path

from calibration.pictures.identities import pictures_of
from calibration.pictures.pairs import in_split_a
from edge.domain.errors import UsageError

_MOST_BYTES = 1_000_000
_LIST_HINT = "give a text file with the names of folders, one a line"


class Split(StrEnum):
    """Whose pictures are used. The thresholds were fitted on split A, so figures are reported on split B."""

    B = "b"
    ALL = "all"

    def holds(self, name: str) -> bool:
        """Whether an identity belongs to it."""
        return self is Split.ALL or not in_split_a(name)


@dataclass(frozen=True, slots=True)
class Cohort:
    """Who takes part.

    Attributes:
        subjects: pictures of those who may be enrolled, by name, in order of number.
        others: pictures of everybody else, by name.
        absent: names that were listed, belong to the split and have no picture.
    """

    subjects: Mapping[str, tuple[Path, ...]]
    others: Mapping[str, tuple[Path, ...]]
    absent: tuple[str, ...]


def read_subjects(file: Path) -> tuple[str, ...]:
    """Return the names in a file, one a line, each once, in order.

    Raises:
        UsageError: the file cannot be read, is no text, or names nobody.
    """
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{file} is larger than a list of names ({_MOST_BYTES} bytes)", hint=_LIST_HINT)
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}", hint=_LIST_HINT) from error
    if "\0" in text:
        raise UsageError(f"{file} is not a text file", hint=_LIST_HINT)
    names = tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if not names:
        raise UsageError(f"{file} names nobody", hint=_LIST_HINT)
    return names


def cohort_of(images: Path, subjects: tuple[str, ...], split: Split, *, most_people: int | None = None) -> Cohort:
    """Return who of a folder of identities takes part. Pictures that are known to be labeled wrongly stay out.

    Args:
        images: folder of identities, ``NAME/NAME_0001.jpg``.
        subjects: who may be enrolled.
        split: whose pictures are used.
        most_people: only the first so many subjects, and of everybody else the first so many.

    Raises:
        UsageError: the folder is not there, or holds nobody of the subjects.
    """
    everybody = {name: pictures for name, pictures in pictures_of(images).items() if split.holds(name)}
    listed = [name for name in subjects if split.holds(name)]
    present = {name: everybody[name] for name in listed if name in everybody}
    if not present:
        raise UsageError(
            f"none of the {len(subjects)} names listed has pictures in {images} and belongs to split {split.value}",
            hint="names are those of the folders; with '--split all' people whom thresholds were fitted on count too",
        )
    others = {name: pictures for name, pictures in everybody.items() if name not in set(listed)}
    return Cohort(
        subjects=dict(islice(present.items(), most_people)),
        others=dict(islice(others.items(), most_people)),
        absent=tuple(name for name in listed if name not in everybody),
    )
