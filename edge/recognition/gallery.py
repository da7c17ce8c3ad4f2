"""The people the gate knows, in memory, and how alike a probe is to them.

A person's score is the cosine to the centroid of their templates, but never more than the median of the cosines
plus a little. The centroid knows a face best; the median holds it down, so that one poisoned template of five cannot
open the door; the highest single cosine is never used.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.domain.embedding import Binding, Embedding
from edge.domain.errors import TrustError
from edge.domain.match import Match, SubjectRef
from edge.domain.profile import MatchPoint

FloatArray = NDArray[np.float32]

MEDIAN_SLACK = 0.08
"""Cosine by which a score may lie above the median: about what a centroid of five gains over one picture, so that
scores mean the same whether a person has one template or five. Part of what a score is; see docs/adr."""

_SHORTLIST = 8  # most subjects whose median is computed in a search; the centroid ranks them
_ROUNDING = 1e-5  # of a float32 cosine


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Template:
    """What one model knows of one person.

    Attributes:
        vectors: float32 (n, d), unit rows, one per enrollment picture.
        centroid: float32 (d,), the unit mean of ``vectors``.
    """

    vectors: FloatArray
    centroid: FloatArray

    @staticmethod
    def from_vectors(vectors: FloatArray) -> "Template":
        """Return the template of ``vectors``.

        Raises:
            ValueError: no vectors, not finite, or vectors that cancel out.
        """
        if vectors.ndim != 2 or not len(vectors) or not np.isfinite(vectors).all():
            raise ValueError("a template needs at least one finite embedding")
        mean = vectors.mean(axis=0, dtype=np.float64)
        norm = float(np.linalg.norm(mean))
        if norm < 1e-6:
            raise ValueError("a template's embeddings cancel out")
        return Template(vectors.astype(np.float32), (mean / norm).astype(np.float32))

    @staticmethod
    def from_embeddings(embeddings: Iterable[Embedding]) -> "Template":
        """Return the template of one model's embeddings. Raises as :meth:`from_vectors` does."""
        return Template.from_vectors(np.stack([embedding.vector for embedding in embeddings]))

    def scores(self, probes: FloatArray) -> NDArray[np.float64]:
        """Return the score of each probe row: min(cosine to centroid, median cosine + slack); float64 (n,)."""
        to_centroid = probes.astype(np.float64) @ self.centroid.astype(np.float64)
        to_each = probes.astype(np.float64) @ self.vectors.T.astype(np.float64)
        lower: NDArray[np.float64] = np.minimum(to_centroid, _median_of_rows(to_each) + MEDIAN_SLACK)
        return lower

    def __repr__(self) -> str:
        return f"Template(n={len(self.vectors)}, d={self.vectors.shape[1]})"


def _median_of_rows(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each row's median, as ``numpy.median`` would, in a fraction of its time for short rows."""
    count = values.shape[1]
    ordered = np.sort(values, axis=1)
    median: NDArray[np.float64] = (ordered[:, (count - 1) // 2] + ordered[:, count // 2]) / 2
    return median


class Gallery:
    """Enrolled people. Built once, then read only; a change of people builds a new one.

    Args:
        bindings: the running models' bindings, by model id.
        people: templates of each person by model id; every person needs one for every model.
        occluded: float64 (masks, d) templates of each person by name of certificate; whoever is not in it has none.

    Raises:
        TrustError: somebody lacks a template of a running model.
    """

    def __init__(
        self,
        bindings: Mapping[str, Binding],
        people: Mapping[SubjectRef, Mapping[str, Template]],
        occluded: Mapping[SubjectRef, Mapping[str, NDArray[np.float64]]] | None = None,
    ) -> None:
        self._bindings = dict(bindings)
        self._occluded = {subject: dict(templates) for subject, templates in (occluded or {}).items()}
        self._people = {subject: dict(templates) for subject, templates in people.items()}
        lacking = [s for s, templates in self._people.items() if set(templates) != set(bindings)]
        if lacking:
            raise TrustError(
                f"{len(lacking)} of {len(people)} people lack templates of a running model",
                hint="erase and enroll these people again: 'edge-gate people erase', 'edge-gate people enroll'",
            )
        self._subjects = tuple(self._people)
        self._centroids = {
            model: np.stack([self._people[s][model].centroid for s in self._subjects])
            for model in bindings
            if self._subjects
        }

    def __len__(self) -> int:
        return len(self._subjects)

    @property
    def subjects(self) -> tuple[SubjectRef, ...]:
        """Everybody enrolled."""
        return self._subjects

    def search(self, probe: Embedding) -> tuple[SubjectRef, float] | None:
        """Return the person most like ``probe`` and the score, or None when nobody is enrolled.

        Raises:
            TrustError: the probe was made by another model, recipe or precision class.
        """
        self._check(probe)
        if not self._subjects:
            return None
        model = probe.binding.model_id
        to_centroids = self._centroids[model] @ probe.vector
        row = probe.vector[np.newaxis, :]
        best = (-math.inf, -1)
        for index in np.argsort(to_centroids)[::-1][:_SHORTLIST]:
            if best[0] > to_centroids[index] + _ROUNDING:
                break  # a score never exceeds the cosine to the centroid, and the others' are lower still
            best = max(best, (float(self._people[self._subjects[index]][model].scores(row)[0]), int(index)))
        return self._subjects[best[1]], best[0]

    def scores(self, subject: SubjectRef, model_id: str, probes: FloatArray) -> NDArray[np.float64]:
        """Return how alike each probe row (unit norm) of ``model_id`` is to ``subject``; float64 (n,)."""
        return self._people[subject][model_id].scores(probes)

    def occluded(self, subject: SubjectRef) -> Mapping[str, NDArray[np.float64]]:
        """Return a person's occluded templates, float64 (masks, d) by name of certificate; empty where none is."""
        return self._occluded.get(subject, {})

    def nearest(self, subject: SubjectRef, model_id: str, probe: FloatArray) -> float:
        """Return the cosine of a probe (d,), unit norm, to the most alike single template of ``subject``."""
        return float(np.max(self._people[subject][model_id].vectors @ probe))

    def compare(self, subject: SubjectRef, probes: Iterable[Embedding], point: MatchPoint) -> Match:
        """Compare one probe per model with one person.

        Raises:
            TrustError: a probe was made by another model, recipe or precision class.
        """
        per_model: dict[str, float] = {}
        for probe in probes:
            self._check(probe)
            model = probe.binding.model_id
            per_model[model] = float(self.scores(subject, model, probe.vector[np.newaxis, :])[0])
        return Match(subject=subject, fused=point.fuse(per_model), per_model=per_model)

    def _check(self, probe: Embedding) -> None:
        if self._bindings.get(probe.binding.model_id) != probe.binding:
            raise TrustError(
                f"a probe of {probe.binding.model_id} is not bound to the gallery's model, recipe and precision",
                hint="restart the gate; if its models were changed, 'edge-gate people enroll' everybody again",
            )
