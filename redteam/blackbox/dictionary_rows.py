"""The dictionary's rows: faces chosen on everybody of split A, shown to the campaign's victims of split B."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from calibration.faces import FaceReader
from calibration.identities import pictures_of
from calibration.intervals import clopper_pearson
from calibration.pairs import in_split_a
from edge.daemon.assembly import GateParts
from edge.daemon.models import Models
from edge.domain.match import SubjectRef
from edge.domain.profile import Profile
from edge.recognition.gallery import Gallery, Template
from edge.settings.tree import Settings
from engines.progress import Progress
from redteam.blackbox.dictionary import DictionaryFace, DictionaryRow, dictionary_of, row_by_gate, row_by_scores
from redteam.cast import ENROLLED, Cast
from redteam.judge import TRIES, Judge
from redteam.success import Mark, Point, Target

_MARKS = (Mark(Target.FACENET, Point.LOOSE), Mark(Target.SFACE, Point.LOOSE), Mark(Target.BOTH))


def dictionary_rows(
    images: Path, cast: Cast, settings: Settings, profile: Profile, models: Models, progress: Progress
) -> Iterator[dict[str, Any]]:
    """Yield a row a target: chosen against each undefended target and tried on it; the fused one on the gate too.

    Args:
        images: folder of identities, ``NAME/NAME_0001.jpg``.
        cast: victims of split B.
        settings: of the gate.
        profile: thresholds.
        models: the gate's models.
        progress: shown while pictures are embedded.

    Raises:
        UsageError: the folder is not there or holds nobody of split A.
        EdgeError: an engine failed.
    """
    faces = _faces_of_split_a(images, FaceReader(models, detector_threshold=profile.detector_threshold), progress)
    gallery = _gallery_of(faces, models)
    judge = Judge(GateParts(settings, profile, models, cast.gallery))
    for mark in _MARKS:
        chosen = dictionary_of(faces, gallery, mark, profile.match)
        yield _values(row_by_scores(chosen, cast.gallery, mark, profile.match))
        if mark.target is Target.BOTH:
            yield _values(row_by_gate(chosen, cast.victims, judge))


def _faces_of_split_a(images: Path, reader: FaceReader, progress: Progress) -> list[DictionaryFace]:
    named = {path: name for name, own in pictures_of(images).items() if in_split_a(name) for path in own}
    found = reader.read_all(named, progress, label="reading faces of split A")
    return [
        DictionaryFace(path, named[path], {model: rows[0] for model, rows in face.vectors.items()})
        for path, face in found
        if face is not None
    ]


def _gallery_of(faces: Sequence[DictionaryFace], models: Models) -> Gallery:
    own: dict[str, list[DictionaryFace]] = {}
    for face in faces:
        own.setdefault(face.name, []).append(face)
    people = {
        SubjectRef(name): {
            m: Template.from_vectors(np.stack([f.vectors[m] for f in some[:ENROLLED]])) for m in models.bindings
        }
        for name, some in own.items()
    }
    return Gallery(models.bindings, people)


def _values(row: DictionaryRow) -> dict[str, Any]:
    return {
        "attack": f"faces-{TRIES}",
        "attacker": "dictionary",
        "goal": "impersonation",
        "eps": None,
        "target": row.mark.target.value,
        "point": row.mark.point.value if row.mark.point else None,
        "n": row.n,
        "success": row.successes,
        "rate": row.successes / row.n,
        "ci95": list(clopper_pearson(row.successes, row.n)),
    }
