"""The expensive pass, on a would-be grant only: all defenses' views, one batch per model, against the candidate.

A candidate of screening is not a would-be grant yet: with many people enrolled most strangers resemble somebody a
little. So the plain pictures of both models are compared first.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.defenses.base import Defense, ViewEvidence
from edge.defenses.pixels.base import PixelDefense
from edge.domain.embedding import Embedding
from edge.domain.face import Face
from edge.domain.finding import Finding
from edge.domain.match import Match, SubjectRef
from edge.domain.profile import MatchPoint
from edge.domain.reasons import Outcome
from edge.recognition.embed import Embedder
from edge.recognition.gallery import Gallery
from edge.vision.align import crop_geometry
from engines.render.spec import PLAIN, CropGeometry, ViewSpec


@dataclass(frozen=True, slots=True)
class ModelStage:
    """One recognition model, ready: its embedder and how its crop is cut."""

    embedder: Embedder
    crop_recipe: str

    @property
    def model_id(self) -> str:
        """Catalog id."""
        return self.embedder.binding.model_id


@dataclass(frozen=True, slots=True)
class Verification:
    """What verification found: the 1:1 comparison of the plain view, and every defense's finding."""

    match: Match
    findings: tuple[Finding, ...]


class Certifies(Protocol):
    """Asks for the patch certificate; :class:`edge.pipeline.certify.Certifier`."""

    def certify(self, pixels: NDArray[np.uint8], face: Face, candidate: SubjectRef, gallery: Gallery) -> Finding:
        """Return the finding for a face in a BGR frame, uint8 (h, w, 3), against one candidate."""
        ...


class Verifier:
    """Runs every defense on one frame.

    Args:
        models: all models that must agree.
        defenses: all defenses, in order; their views are rendered together.
        point: the joint operating point, for fused scores.
        rng: source of the random views: ``secrets.SystemRandom()`` except in tests.
        pixel_defenses: all defenses that look at the frame itself; their findings come after the others'.
        certifier: asked last, where nothing failed; None = the certificate is not in force.
    """

    def __init__(
        self,
        *,
        models: Sequence[ModelStage],
        defenses: Sequence[Defense],
        point: MatchPoint,
        rng: random.Random,
        pixel_defenses: Sequence[PixelDefense] = (),
        certifier: Certifies | None = None,
    ) -> None:
        self._models = tuple(models)
        self._defenses = tuple(defenses)
        self._pixel_defenses = tuple(pixel_defenses)
        self._point = point
        self._rng = rng
        self._certifier = certifier

    def verify(
        self,
        pixels: NDArray[np.uint8],
        face: Face,
        candidate: SubjectRef,
        gallery: Gallery,
        *,
        known: Sequence[Embedding] = (),
        native: NDArray[np.uint8] | None = None,
    ) -> Verification:
        """Compare the face with one candidate, and under every defense if that would be a grant.

        Args:
            pixels: uint8 BGR frame (h, w, 3).
            face: the face in it.
            candidate: whom screening named.
            gallery: who is enrolled.
            known: plain embeddings of this very face that are there already.
            native: the same frame as the camera gave it, NV12, if the models can be shown that; None = they cannot.

        Returns:
            The comparison; without findings when the plain pictures already say no, which costs one pass a model.

        Raises:
            RecognitionError: an engine failed.
            TrustError: an embedding is not bound to the gallery's model, recipe and precision.
        """
        shown = pixels if native is None else native
        crops = {m.model_id: crop_geometry(m.crop_recipe, face) for m in self._models}
        made = {e.binding.model_id: e for e in known}
        probes = [made.get(m.model_id) or m.embedder.embed_one(shown, crops[m.model_id], PLAIN) for m in self._models]
        plain = gallery.compare(candidate, probes, self._point)
        if not plain.fused >= self._point.threshold:
            return Verification(plain, ())
        evidence = self.evidence(shown, face, candidate, gallery, crops)
        row = evidence.plain
        match = Match(
            subject=candidate,
            fused=float(evidence.fused[row]),
            per_model={model: float(rows[row]) for model, rows in evidence.scores.items()},
            nearest=min(gallery.nearest(candidate, model, rows[row]) for model, rows in evidence.vectors.items()),
        )
        of_views = [defense.judge(evidence) for defense in self._defenses]
        of_pixels = [defense.judge_pixels(pixels, face) for defense in self._pixel_defenses]
        findings = (*of_views, *of_pixels)
        if self._certifier is None or any(finding.outcome is Outcome.FAIL for finding in findings):
            return Verification(match, findings)
        return Verification(match, (*findings, self._certifier.certify(pixels, face, candidate, gallery)))

    def evidence(
        self,
        pixels: NDArray[np.uint8],
        face: Face,
        candidate: SubjectRef,
        gallery: Gallery,
        crops: Mapping[str, CropGeometry] | None = None,
    ) -> ViewEvidence:
        """Return what both models make of every view that the defenses name, whether or not it would be a grant.

        Args:
            pixels: uint8 BGR frame (h, w, 3), or NV12 (h * 3 / 2, w) if both models' engines take it.
            face: the face in it.
            candidate: whom to compare with.
            gallery: who is enrolled.
            crops: where each model looks, by model id; None = as its recipe says.

        Raises:
            RecognitionError: an engine failed.
        """
        cut = crops or {m.model_id: crop_geometry(m.crop_recipe, face) for m in self._models}
        views = self._views(face)
        vectors = {m.model_id: m.embedder.embed(pixels, cut[m.model_id], views) for m in self._models}
        scores = {model: gallery.scores(candidate, model, rows) for model, rows in vectors.items()}
        return ViewEvidence(
            views=tuple(v.name for v in views), vectors=vectors, scores=scores, fused=_fused(scores, self._point)
        )

    def _views(self, face: Face) -> tuple[ViewSpec, ...]:
        named = [view for defense in self._defenses for view in defense.views(face, self._rng)]
        return (PLAIN, *named)


def _fused(scores: Mapping[str, NDArray[np.float64]], point: MatchPoint) -> NDArray[np.float64]:
    rows = len(next(iter(scores.values())))
    return np.array([point.fuse({m: float(s[i]) for m, s in scores.items()}) for i in range(rows)])
