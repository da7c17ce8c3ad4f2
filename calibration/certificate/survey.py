"""People of a folder with all their occluded copies, read a picture at a time.

A mask is embedded once however many certificates hide it: what it is called and which group it bounds make no other
copy. Pictures are let go as soon as their copies are there, so that a folder of any size fits into memory.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from calibration.certificate.reading import UNMOVED, Move, OccludedReader, Rows
from calibration.pictures.embedding_cache import EmbeddingCache
from calibration.pictures.faces import FacePicture, FaceReader
from edge.daemon.models import Models
from edge.domain.certificate import Alignment, Mask
from edge.domain.mask_family import columns_of, distinct_masks
from engines.progress import Progress

Masks = Mapping[Alignment, Sequence[Mask]]


class Reads(Protocol):
    """Finds the face of each picture."""

    def read_all(
        self, paths: Iterable[Path], progress: Progress, *, label: str
    ) -> Iterator[tuple[Path, FacePicture | None]]:
        """Yield every picture with its face, or None."""
        ...


class Occludes(Protocol):
    """Embeds the occluded copies of a face that was found."""

    def moved(self, picture: FacePicture, masks: Sequence[Mask], move: Move = UNMOVED) -> Rows:
        """Return float32 (masks, d), cut out at a moved alignment."""
        ...

    def realigned(self, picture: FacePicture, masks: Sequence[Mask]) -> Rows:
        """Return float32 (masks, d), the face looked for again under each mask; NaN where it was not found."""
        ...


class Hides(Protocol):
    """A certificate, or the plan of one."""

    @property
    def alignment(self) -> Alignment:
        """How its copies are made."""
        ...

    @property
    def masks(self) -> tuple[Mask, ...]:
        """What it hides."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Everybody's occluded copies.

    Attributes:
        names: of the people, sorted; some may have no picture with a face.
        owners: int64 (n,), index into ``names``, ascending.
        paths: (n,) the pictures.
        masks: what was hidden, each once, by how copies were made.
        copies: float32 (n, masks, d) by how they were made; NaN where no face was found again.
    """

    names: tuple[str, ...]
    owners: NDArray[np.int64]
    paths: tuple[Path, ...]
    masks: Masks
    copies: Mapping[Alignment, Rows]

    def rows(self, alignment: Alignment, masks: Sequence[Mask]) -> Rows:
        """Return the copies under these masks, whatever they are called; float32 (n, masks, d).

        Raises:
            KeyError: a mask was not surveyed.
        """
        return self.copies[alignment][:, columns_of(self.masks[alignment], masks)]


class Surveyor:
    """Surveys people.

    Args:
        reader: finds the face of each picture.
        occluded: embeds copies of it.
        progress: shown meanwhile.
    """

    def __init__(self, reader: Reads, occluded: Occludes, progress: Progress) -> None:
        self._reader = reader
        self._occluded = occluded
        self._progress = progress

    @classmethod
    def of(
        cls,
        models: Models,
        model_id: str,
        *,
        detector_threshold: float,
        cache: EmbeddingCache | None,
        progress: Progress,
    ) -> "Surveyor":
        """Return one that looks with a single recognizer: no other embeds what no certificate asks it about."""
        alone = replace(models, stages=(models.stage(model_id),))
        reader = FaceReader(alone, detector_threshold=detector_threshold, cache=cache)
        occluded = OccludedReader(alone, model_id, detector_threshold=detector_threshold, cache=cache)
        return cls(reader, occluded, progress)

    def people(self, people: Mapping[str, Sequence[Path]], masks: Masks, *, label: str) -> Survey:
        """Return all copies of everybody; pictures without a face that can be aligned are left out.

        Args:
            people: pictures by name.
            masks: what to hide, by how copies are made.
            label: what the work is called.

        Raises:
            EdgeError: an engine failed.
            StoreError: the cache cannot be written.
        """
        names = tuple(sorted(people))
        owner_of = {path: owner for owner, name in enumerate(names) for path in people[name]}
        distinct = {alignment: distinct_masks(own) for alignment, own in masks.items() if own}
        owners, paths = [], []
        copies: dict[Alignment, list[Rows]] = {alignment: [] for alignment in distinct}
        for path, picture in self._reader.read_all(owner_of, self._progress, label=label):
            if picture is None:
                continue
            owners.append(owner_of[path])
            paths.append(path)
            for alignment, own in distinct.items():
                copies[alignment].append(self.copies_of(picture, alignment, own))
        stacked = {alignment: _stacked(rows, len(distinct[alignment])) for alignment, rows in copies.items()}
        return Survey(names, np.array(owners, np.int64), tuple(paths), distinct, stacked)

    def moved(self, paths: Sequence[Path], masks: Sequence[Mask], moves: Sequence[Move], *, label: str) -> Rows:
        """Return the copies of pictures that hold a face, cut out at each of some moved alignments.

        Returns:
            float32 (moves, pictures, masks, d).

        Raises:
            EdgeError: an engine failed.
            StoreError: the cache cannot be written.
        """
        rows = [
            np.stack([self._occluded.moved(picture, masks, move) for move in moves])
            for _, picture in self._reader.read_all(paths, self._progress, label=label)
            if picture is not None
        ]
        return np.stack(rows, axis=1)

    def copies_of(self, picture: FacePicture, alignment: Alignment, masks: Sequence[Mask]) -> Rows:
        """Return one picture's copies, float32 (masks, d).

        Raises:
            EdgeError: an engine failed.
            StoreError: the cache cannot be written.
        """
        match alignment:
            case Alignment.GIVEN:
                return self._occluded.moved(picture, masks)
            case Alignment.REALIGNED:
                return self._occluded.realigned(picture, masks)


def masks_of(hiding: Iterable[Hides]) -> Mapping[Alignment, tuple[Mask, ...]]:
    """Return every distinct mask by how copies are made."""
    every = tuple(hiding)
    hidden = {a: distinct_masks(m for c in every if c.alignment is a for m in c.masks) for a in Alignment}
    return {alignment: masks for alignment, masks in hidden.items() if masks}


def _stacked(rows: Sequence[Rows], masks: int) -> Rows:
    return np.stack(rows) if rows else np.zeros((0, masks, 1), np.float32)
