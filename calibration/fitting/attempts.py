"""Genuine attempts as the defenses see them: what every check measures when enrolled people come to the door."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.pictures.door_camera import door_camera
from calibration.pictures.faces import FacePicture, FaceReader
from calibration.statistics.score_set import TEMPLATES, Readings
from edge.defenses.randomize import VIEW_COUNT, random_views
from edge.defenses.squeeze import SQUEEZED_VIEWS, SQUEEZERS
from edge.domain.errors import PictureError, UsageError
from edge.domain.profile import MatchPoint
from edge.recognition.gallery import Template
from engines.progress import Progress
from engines.render.spec import PLAIN

MOST_PROBES = 8
"""Pictures of one person that come to the door: nobody's face may decide for everybody."""
CAMERAS = 1
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
    """

    owners: NDArray[np.int64]
    plain: Mapping[str, NDArray[np.float64]]
    random: Mapping[str, NDArray[np.float64]]
    shifts: Mapping[str, NDArray[np.float64]]
    vectors: Mapping[str, NDArray[np.float32]]

    def __len__(self) -> int:
        return len(self.owners)


def genuine_attempts(
    people: Mapping[str, Sequence[Path]],
    enrolled: Readings,
    reader: FaceReader,
    point: MatchPoint,
    progress: Progress,
) -> Attempts:
    """Show everybody's pictures, as they are and as door cameras see them, to a gate with their others enrolled.

    Args:
        people: pictures by name.
        enrolled: the same pictures' plain embeddings.
        reader: embeds the defenses' views.
        point: the operating point; an attempt below its fused threshold would meet no defense and is left out.
        progress: shown meanwhile.

    Raises:
        UsageError: nobody comes who matches their own template.
        EdgeError: an engine failed.
    """
    probes = _probes(people, enrolled)
    found: list[tuple[int, FacePicture, Mapping[str, Template]]] = []
    progress.start("running the defenses on genuine attempts", len(probes))
    try:
        for done, (owner, number, path) in enumerate(probes, start=1):
            templates = _templates(enrolled, owner, number)
            for camera in range(1 + CAMERAS):
                picture = _seen(reader, path, camera)
                if picture is not None and _would_be_granted(picture, templates, point):
                    found.append((owner, picture, templates))
            progress.advance(done)
    finally:
        progress.finish()
    if not found:
        raise UsageError(
            f"of {len(probes)} pictures of people with another one, none matches its own person",
            hint="give people with two pictures and more, of faces that the detector finds",
        )
    return _measured(found, tuple(point.weights))


def _probes(people: Mapping[str, Sequence[Path]], enrolled: Readings) -> list[tuple[int, int, Path]]:
    """Return (owner, number, path), the last pictures of everybody who has at least two."""
    probes = []
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
    return point.fuse(scores) >= point.threshold


def _measured(found: Sequence[tuple[int, FacePicture, Mapping[str, Template]]], models: Sequence[str]) -> Attempts:
    scores = {
        m: np.stack([templates[m].scores(picture.vectors[m]) for _, picture, templates in found]) for m in models
    }
    squeezed = slice(1 + VIEW_COUNT, 1 + VIEW_COUNT + len(SQUEEZERS))
    shifts = {
        m: np.stack([1 - p.vectors[m][squeezed].astype(float) @ p.vectors[m][0].astype(float) for _, p, _ in found])
        for m in models
    }
    return Attempts(
        owners=np.array([owner for owner, _, _ in found], np.int64),
        plain={m: s[:, 0] for m, s in scores.items()},
        random={m: s[:, 1 : 1 + VIEW_COUNT] for m, s in scores.items()},
        shifts=shifts,
        vectors={m: np.stack([p.vectors[m][0] for _, p, _ in found]) for m in models},
    )
