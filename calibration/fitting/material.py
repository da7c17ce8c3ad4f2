"""A split that numbers are fitted on or measured with: pictures as they are, and as a door camera sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.pictures.door_camera import door_camera
from calibration.pictures.faces import FaceReader
from calibration.statistics.score_set import Readings, ScoreSet, read_people, score_set
from engines.progress import Progress

CAMERA = 1
"""The simulated camera that everybody's pictures are seen by."""

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """A split, embedded.

    Attributes:
        people: pictures by name.
        plain: embeddings of the pictures as they are.
        seen: of the same pictures, as a door camera sees them.
        scores: every picture, plain and seen, against everybody's plain templates.
    """

    people: Mapping[str, Sequence[Path]]
    plain: Readings
    seen: Readings
    scores: ScoreSet

    @property
    def owners(self) -> NDArray[np.int64]:
        """Who is on each picture, plain then seen."""
        return np.concatenate([self.plain.owners, self.seen.owners])

    def vectors(self, model_id: str) -> Rows:
        """Return float32 (n, d), plain then seen."""
        return np.concatenate([self.plain.vectors(model_id), self.seen.vectors(model_id)])

    def row(self, owner: int, number: int, camera: int) -> int | None:
        """Return the row of one picture, or None when no face was found on it."""
        of = self.seen if camera else self.plain
        found = np.flatnonzero((of.owners == owner) & (of.numbers == number))
        return int(found[0]) + (len(self.plain.owners) if camera else 0) if len(found) else None


def read_material(
    people: Mapping[str, Sequence[Path]], reader: FaceReader, progress: Progress, *, split: str
) -> Material:
    """Embed a split.

    Raises:
        EdgeError: an engine failed, or the cache cannot be written.
    """
    plain = read_people(people, reader, progress, label=f"split {split} as photographed")
    change = partial(door_camera, number=CAMERA)
    seen = read_people(people, reader, progress, label=f"split {split} as a door camera sees it", change=change)
    return Material(people, plain, seen, score_set(plain, [plain, seen]))
