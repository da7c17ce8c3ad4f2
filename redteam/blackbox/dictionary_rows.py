"""The dictionary's rows: faces chosen on everybody of split A, shown to the campaign's victims of split B."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from calibration.pictures.faces import FaceReader
from calibration.pictures.identities import pictures_of
from calibration.pictures.pairs import in_split_a
from calibration.statistics.intervals import clopper_pearson
from edge.daemon.models import Models
from edge.domain.match import SubjectRef
from edge.recognition.gallery import Gallery, Template
from engines.progress import Progress
from redteam.blackbox.dictionary import DictionaryFace, DictionaryRow, dictionary_of, row_by_gate, row_by_scores
from redteam.cast import ENROLLED
from redteam.judge import TRIES
from redteam.success import Mark, Point, Target
from redteam.theater import Theater

_MARKS = (Mark(Target.FACENET, Point.LOOSE), Mark(Target.SFACE, Point.LOOSE), Mark(Target.BOTH))


def dictionary_rows(images: Path, theater: Theater) -> Iterator[dict[str, Any]]:
    """Yield a row a target: chosen against each undefended target and tried on it; the fused one on the gate too.

    Args:
        images: folder of identities, ``NAME/NAME_0001.jpg``.
        theater: with victims of split B.

    Raises:
        UsageError: the folder is not there or holds nobody of split A.
        EdgeError: an engine failed.
    """
    models, match, cast = theater.models, theater.profile.match, theater.cast
    reader = FaceReader(models, detector_threshold=theater.profile.detector_threshold)
    faces = _faces_of_split_a(images, reader, theater.progress)
    gallery = _gallery_of(faces, models)
    judge = theater.judge()
    for mark in _MARKS:
        chosen = dictionary_of(faces, gallery, mark, match)
        yield _values(row_by_scores(chosen, cast.gallery, mark, match))
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
