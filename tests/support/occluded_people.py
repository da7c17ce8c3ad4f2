"""People made up of numbers, and whoever reads and occludes them, in place of pictures and models."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from calibration.certificate.reading import UNMOVED, Move, Rows
from calibration.pictures.faces import FacePicture
from edge.domain.certificate import Mask
from engines.progress import Progress

DIMENSIONS = 16
NOTHING: Any = None


def band(name: str, top: float, *, group: str = "all", fill: int = 127, height: float = 0.25) -> Mask:
    """Return a mask across the crop."""
    return Mask(name=name, group=group, x=0.0, y=top, width=1.0, height=height, fill=fill)


def people(counts: Sequence[int]) -> dict[str, tuple[Path, ...]]:
    """Return so many pictures of each person; nothing lies at the paths."""
    return {
        f"p{who:03d}": tuple(Path(f"p{who:03d}/p{who:03d}_{i:04d}.jpg") for i in range(count))
        for who, count in enumerate(counts)
    }


class FakeReader:
    """Finds a face in every picture but those that are said to hold none."""

    def __init__(self, without: Iterable[Path] = ()) -> None:
        self._without = set(without)

    def read_all(
        self, paths: Iterable[Path], progress: Progress, *, label: str
    ) -> Iterator[tuple[Path, FacePicture | None]]:
        """Yield every picture."""
        for path in paths:
            yield path, None if path in self._without else FacePicture(path, NOTHING, NOTHING, {})


class FakeOccluder:
    """Embeds a person as their own direction with noise; a move turns everybody the same way, a little.

    Args:
        noise: how much a person's pictures differ.
        lost: pictures whose face is not found again.
    """

    def __init__(self, *, noise: float = 0.3, lost: Iterable[Path] = ()) -> None:
        self.asked: list[tuple[str, ...]] = []
        self._noise = noise
        self._lost = set(lost)

    def moved(self, picture: FacePicture, masks: Sequence[Mask], move: Move = UNMOVED) -> Rows:
        """Return float32 (masks, d)."""
        self.asked.append(tuple(mask.name for mask in masks))
        rows = [self._row(picture.path, mask, float(np.abs(move - UNMOVED).sum())) for mask in masks]
        return np.array(rows, np.float32)

    def realigned(self, picture: FacePicture, masks: Sequence[Mask]) -> Rows:
        """Return float32 (masks, d)."""
        if picture.path in self._lost:
            return np.full((len(masks), DIMENSIONS), np.nan, np.float32)
        return self.moved(picture, masks)

    def _row(self, path: Path, mask: Mask, moved: float) -> np.ndarray[Any, Any]:
        own = np.random.default_rng(int(path.parent.name[1:])).normal(size=DIMENSIONS)
        seed = [int(path.stem.rpartition("_")[2]), int(path.parent.name[1:]), int(mask.y * 100), int(moved * 100)]
        row = own + self._noise * (1 + moved) * np.random.default_rng(seed).normal(size=DIMENSIONS)
        return np.asarray(row / np.linalg.norm(row))
