"""Which versions, models and people saw data from somewhere: the question that a recall begins with."""

from dataclasses import dataclass

from training.manifest.entries import Recalled, Used
from training.manifest.rules import matches
from training.manifest.standing import Dataset, Version


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything that some pictures went into.

    Attributes:
        pictures: their sha256, in the order in which they came.
        versions: versions that hold any of them, oldest first.
        uses: what learned from such a version, or from such a picture itself.
    """

    pictures: tuple[str, ...]
    versions: tuple[Version, ...]
    uses: tuple[Used, ...]


def trace(dataset: Dataset, wanted: Recalled) -> Trace:
    """Return where the pictures that ``wanted`` means went. It need not be written to the log.

    Args:
        dataset: as it stands; pictures that were recalled or removed count too.
        wanted: a source, a contributor, or single pictures.
    """
    chosen = [sha256 for sha256, standing in dataset.pictures.items() if matches(wanted, standing)]
    touched = frozenset(chosen)
    versions = tuple(version for version in dataset.versions.values() if touched & version.pictures.keys())
    ids = {version.id for version in versions}
    uses = tuple(use for use in dataset.uses if use.version in ids or touched & frozenset(use.pictures))
    return Trace(tuple(chosen), versions, uses)
