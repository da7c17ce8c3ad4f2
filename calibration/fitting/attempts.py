"""Genuine attempts as the defenses see them: what every check measures when enrolled people come to the door."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.fitting.material import CAMERA, Material
from calibration.fitting.sanitize import statistics_of
from calibration.pictures.door_camera import door_camera
from calibration.pictures.faces import FacePicture, FaceReader
from calibration.statistics.score_set import TEMPLATES, Readings
from edge.defenses.pixels.traces import STATISTICS
from edge.defenses.randomize import VIEW_COUNT, random_views
from edge.defenses.squeeze import SQUEEZED_VIEWS, SQUEEZERS
from edge.domain.errors import PictureError, UsageError
from edge.domain.profile import MatchPoint
from edge.recognition.gallery import Template
from engines.progress import Progress
from engines.render.spec import PLAIN

MOST_PROBES = 8
"""Pictures of one person that come to the door: nobody's face may decide for everybody."""
SEED = 20261121


@dataclass(frozen=True, slots=True, eq=False)
class Attempts:
    """What was measured of genuine attempts that match without any defense.

    Attributes:
        owners: int64 (n,), who came.
        plain: float64 (n,) plain scores by model id.
        random: float64 (n, views) scores of the random views by model id.
        shifts: float64 (n, squeezers) shift of each squeezer, 1 - cosine, by model id.
        vectors: float32 (n, d) plain embeddings by model id.
        pixels: float64 (n,) by pixel statistic, octaves.
        rows: int64 (n,), the picture's row in the material.
    """

    owners: NDArray[np.int64]
    plain: Mapping[str, NDArray[np.float64]]
    random: Mapping[str, NDArray[np.float64]]
    shifts: Mapping[str, NDArray[np.float64]]
    vectors: Mapping[str, NDArray[np.float32]]
    pixels: Mapping[str, NDArray[np.float64]]
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.owners)


@dataclass(frozen=True, slots=True, eq=False)
class _Attempt:
    """One attempt: who came, on which row of the material, how they looked, and what they are compared with."""

    owner: int
    row: int
    picture: FacePicture
    templates: Mapping[str, Template]
    pixels: Mapping[str, float]


def genuine_attempts(material: Material, reader: FaceReader, point: MatchPoint, progress: Progress) -> Attempts:
    """Show everybody's pictures, as they are and as a door camera sees them, to a gate with their others enrolled.

    Args:
        material: a split.
        reader: embeds the defenses' views.
        point: the operating point; an attempt that does not reach it meets no defense and is left out.
        progress: shown meanwhile.

    Raises:
        UsageError: nobody comes who matches their own template.
        EdgeError: an engine failed.
    """
    enrolled = material.plain
    probes = _probes(material)
    found: list[_Attempt] = []
    progress.start("running the defenses on genuine attempts", len(probes))
    try:
        for done, (owner, number, path) in enumerate(probes, start=1):
            templates = _templates(enrolled, owner, number)
            for camera in (0, CAMERA):
                attempt = _attempt(material, reader, point, (owner, number, camera, path), templates)
                found += [attempt] if attempt else []
            progress.advance(done)
    finally:
        progress.finish()
    if not found:
        raise UsageError(
            f"of {len(probes)} pictures of people with another one, none matches its own person",
            hint="give people with two pictures and more, of faces that the detector finds",
        )
    return _measured(found, tuple(point.weights))


def _attempt(
    material: Material,
    reader: FaceReader,
    point: MatchPoint,
    probe: tuple[int, int, int, Path],
    templates: Mapping[str, Template],
) -> _Attempt | None:
    owner, number, camera, path = probe
    row = material.row(owner, number, camera)
    picture = _seen(reader, path, camera) if row is not None else None
    if row is None or picture is None or not _would_be_granted(picture, templates, point):
        return None
    measured = statistics_of([picture])
    return _Attempt(owner, row, picture, templates, measured[0]) if measured else None


def _probes(material: Material) -> list[tuple[int, int, Path]]:
    """Return (owner, number, path), the last pictures of everybody who has at least two."""
    probes, enrolled, people = [], material.plain, material.people
    for owner, name in enumerate(enrolled.names):
        numbers = enrolled.numbers[enrolled.owners == owner].tolist()
        if len(numbers) > 1:
            probes += [(owner, number, people[name][number]) for number in numbers[-MOST_PROBES:]]
    return probes


def _templates(enrolled: Readings, owner: int, number: int) -> dict[str, Template]:
    rows = np.flatnonzero((enrolled.owners == owner) & (enrolled.numbers != number))[:TEMPLATES]
    models = enrolled.pictures[0].vectors
    return {m: Template.from_vectors(np.concatenate([enrolled.pictures[r].vectors[m] for r in rows])) for m in models}


def _seen(reader: FaceReader, path: Path, camera: int) -> FacePicture | None:
    rng = random.Random(f"{SEED} {path.name} {camera}")  # noqa: S311  # reproducible fitting, not a defense
    change = partial(door_camera, number=camera) if camera else None
    try:
        return reader.read(path, (PLAIN, *random_views(rng), *SQUEEZED_VIEWS), change=change)
    except PictureError:
        return None


def _would_be_granted(picture: FacePicture, templates: Mapping[str, Template], point: MatchPoint) -> bool:
    scores = {m: float(t.scores(picture.vectors[m][:1])[0]) for m, t in templates.items()}
    return point.fuse(scores) >= point.threshold and all(scores[m] >= floor for m, floor in point.floors.items())


def _measured(found: Sequence[_Attempt], models: Sequence[str]) -> Attempts:
    scores = {m: np.stack([a.templates[m].scores(a.picture.vectors[m]) for a in found]) for m in models}
    squeezed = slice(1 + VIEW_COUNT, 1 + VIEW_COUNT + len(SQUEEZERS))
    shifts = {m: np.stack([_shifts(a.picture.vectors[m].astype(float), squeezed) for a in found]) for m in models}
    return Attempts(
        owners=np.array([a.owner for a in found], np.int64),
        plain={m: s[:, 0] for m, s in scores.items()},
        random={m: s[:, 1 : 1 + VIEW_COUNT] for m, s in scores.items()},
        shifts=shifts,
        vectors={m: np.stack([a.picture.vectors[m][0] for a in found]) for m in models},
        pixels={name: np.array([a.pixels[name] for a in found]) for name in STATISTICS},
        rows=np.array([a.row for a in found], np.int64),
    )


def _shifts(vectors: NDArray[np.float64], squeezed: slice) -> NDArray[np.float64]:
    shifts: NDArray[np.float64] = 1 - vectors[squeezed] @ vectors[0]
    return shifts
