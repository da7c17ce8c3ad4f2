"""What the gate measures of one attacked picture, as the columns of evidence have it."""

import math
import random
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.daemon.assembly import GateParts, defenses_of
from edge.defenses.evidence_vector import evidence_columns, evidence_names, measurements_of
from edge.defenses.pixels.base import face_patch
from edge.defenses.pixels.traces import STATISTICS, pixel_statistics
from edge.domain.face import Face
from edge.pipeline.verify import Verifier
from edge.vision.align import AlignmentError
from redteam.judge import Judge
from redteam.scene import Scene


def column_names(models: Sequence[str]) -> tuple[str, ...]:
    """Return the columns: what a head may see, and what other checks see, to tell what a head adds to them."""
    return (*evidence_names(models), *(f"forest {m}" for m in models), *(f"pixel {name}" for name in STATISTICS))


def measured(
    parts: GateParts, judge: Judge, pixels: NDArray[np.uint8], scene: Scene, *, seed: str
) -> dict[str, float]:
    """Return the columns of an attacked frame, all NaN where the gate finds no face that it can align.

    Args:
        parts: the gate's.
        judge: finds the face.
        pixels: uint8 BGR (h, w, 3).
        scene: whom the picture is compared with.
        seed: of the random views: evidence can be made again.

    Raises:
        EdgeError: an engine failed.
    """
    face = judge.find(pixels)
    names = column_names(tuple(parts.profile.match.weights))
    if face is None:
        return dict.fromkeys(names, math.nan)
    try:
        return _columns(parts, pixels, face, scene, seed)
    except AlignmentError:
        return dict.fromkeys(names, math.nan)


def _columns(parts: GateParts, pixels: NDArray[np.uint8], face: Face, scene: Scene, seed: str) -> dict[str, float]:
    profile = parts.profile
    verifier = Verifier(
        models=parts.models.stages,
        defenses=defenses_of(profile),
        point=profile.match,
        rng=random.Random(seed),  # noqa: S311  # evidence must be repeatable; the gate's draws are not
    )
    evidence = verifier.evidence(pixels, face, scene.victim, parts.gallery)
    found = measurements_of(evidence, profile.agreement, profile.baselines)
    columns = evidence_columns(found, profile.plain_score_caps)
    plain = slice(evidence.plain, evidence.plain + 1)
    forests = {
        f"forest {b.model_id}": float(b.scores(evidence.vectors[b.model_id][plain])["forest"][0])
        for b in profile.baselines
    }
    return {name: float(v[0]) for name, v in columns.items()} | forests | _pixels(pixels, face)


def _pixels(pixels: NDArray[np.uint8], face: Face) -> dict[str, float]:
    try:
        values = pixel_statistics(face_patch(pixels, face))
    except (ValueError, cv2.error):
        values = dict.fromkeys(STATISTICS, math.nan)
    return {f"pixel {name}": value for name, value in values.items()}
