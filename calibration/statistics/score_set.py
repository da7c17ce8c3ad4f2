"""Every comparison that a gate with these people could make: each picture with its own person, and with all others.

Comparisons are the gate's own: a picture against a template of up to five pictures, scored as the gallery scores
(by the centroid, held down by the median). A picture is never compared with a template that it is part of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.pictures.faces import Change, FacePicture, FaceReader
from edge.recognition.gallery import MEDIAN_SLACK, Template
from engines.progress import Progress

FloatArray = NDArray[np.float64]
Vectors = Mapping[str, NDArray[np.float32]]

TEMPLATES = 5


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Pictures of people, embedded.

    Attributes:
        names: of the people, sorted.
        owners: int64 (n,), index into ``names``, ascending.
        numbers: int64 (n,), which of the person's pictures it is, counted from 0 in the order given.
        pictures: (n,) the faces, with vectors of one view each.
    """

    names: tuple[str, ...]
    owners: NDArray[np.int64]
    numbers: NDArray[np.int64]
    pictures: tuple[FacePicture, ...]

    def vectors(self, model_id: str) -> NDArray[np.float32]:
        """Return float32 (n, d), a unit row a picture."""
        return np.concatenate([picture.vectors[model_id] for picture in self.pictures])


def read_people(
    people: Mapping[str, Sequence[Path]],
    reader: FaceReader,
    progress: Progress,
    *,
    label: str,
    change: Change | None = None,
) -> Readings:
    """Embed everybody's pictures; those without a face that can be aligned are left out.

    Raises:
        EdgeError: an engine failed.
    """
    names = tuple(sorted(people))
    owner = {name: i for i, name in enumerate(names)}
    where = {path: (owner[name], number) for name in names for number, path in enumerate(people[name])}
    read = reader.read_all(where, progress, label=label, change=change)
    found = [(*where[path], picture) for path, picture in read if picture is not None]
    return Readings(
        names,
        np.array([o for o, _, _ in found], np.int64),
        np.array([n for _, n, _ in found], np.int64),
        tuple(picture for _, _, picture in found),
    )


@dataclass(frozen=True, slots=True, eq=False)
class ScoreSet:
    """Scores of probes against everybody's templates.

    Attributes:
        genuine: float64 (n,) by model id, each probe against its own person; NaN where nobody else's picture is left.
        impostor: float32 (n, people) by model id; a probe's own person is -inf.
        owners: int64 (n,), whose picture each probe is.
    """

    genuine: Mapping[str, FloatArray]
    impostor: Mapping[str, NDArray[np.float32]]
    owners: NDArray[np.int64]

    @property
    def comparisons(self) -> int:
        """How many impostor comparisons there are."""
        return int(np.isfinite(next(iter(self.impostor.values()))).sum())

    @property
    def has_genuine(self) -> NDArray[np.bool_]:
        """Which probes have a genuine comparison; bool (n,)."""
        return np.isfinite(next(iter(self.genuine.values())))

    def fused(self, weights: Mapping[str, float]) -> tuple[FloatArray, NDArray[np.float32]]:
        """Return the fused genuine (n,) and impostor (n, people) scores."""
        genuine = np.sum([w * self.genuine[m] for m, w in weights.items()], axis=0)
        impostor = sum(np.float32(w) * self.impostor[m] for m, w in weights.items())
        return genuine, np.asarray(impostor, np.float32)


def score_set(enrolled: Readings, probes: Sequence[Readings], *, templates: int = TEMPLATES) -> ScoreSet:
    """Return all comparisons of probes with templates of the first pictures of everybody enrolled.

    Args:
        enrolled: pictures that templates are made of.
        probes: the same people's pictures, as they are or as cameras see them.
        templates: most pictures of a template.
    """
    models = tuple(enrolled.pictures[0].vectors)
    genuine: dict[str, FloatArray] = {}
    impostor: dict[str, NDArray[np.float32]] = {}
    owners = np.concatenate([p.owners for p in probes])
    for model in models:
        own = enrolled.vectors(model)
        rows = [own[enrolled.owners == person][:templates] for person in range(len(enrolled.names))]
        vectors = np.concatenate([p.vectors(model) for p in probes])
        scores = against_everybody(rows, vectors)
        scores[np.arange(len(owners)), owners] = -np.inf
        impostor[model] = scores
        genuine[model] = np.concatenate([_against_own(enrolled, own, p, model, templates) for p in probes])
    return ScoreSet(genuine, impostor, owners)


def against_everybody(rows: Sequence[NDArray[np.float32]], probes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the gallery's score of each probe against each template; float32 (n, templates).

    Args:
        rows: float32 (k, d) unit rows of each template; of none, the score is -inf.
        probes: float32 (n, d) unit rows.
    """
    scores = np.full((len(probes), len(rows)), -np.inf, np.float32)
    for count in sorted({len(own) for own in rows} - {0}):
        some = [i for i, own in enumerate(rows) if len(own) == count]
        every = np.stack([rows[i] for i in some])
        centroids = every.mean(axis=1)
        centroids /= np.linalg.norm(centroids, axis=1, keepdims=True)
        each = np.sort(np.stack([probes @ every[:, k].T for k in range(count)]), axis=0)
        median = (each[(count - 1) // 2] + each[count // 2]) / 2
        scores[:, some] = np.minimum(probes @ centroids.T, median + np.float32(MEDIAN_SLACK))
    return scores


def _against_own(
    enrolled: Readings, own: NDArray[np.float32], probes: Readings, model: str, templates: int
) -> FloatArray:
    scores = np.full(len(probes.owners), np.nan)
    vectors = probes.vectors(model)
    for row, (owner, number) in enumerate(zip(probes.owners, probes.numbers, strict=True)):
        others = own[(enrolled.owners == owner) & (enrolled.numbers != number)][:templates]
        if len(others):
            scores[row] = Template.from_vectors(others).scores(vectors[row : row + 1])[0]
    return scores
