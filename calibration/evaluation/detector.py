"""How many faces a detector finds in pictures whose faces were counted, and how many where there are none."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from calibration.pictures.frames import frame_of
from calibration.statistics.intervals import Interval, clopper_pearson
from edge.capture.picture import read_picture
from edge.domain.clock import SystemClock
from edge.domain.errors import ConfigError, UsageError
from edge.domain.face import Face
from edge.domain.frame import Frame

_COUNTS_HINT = "give a tab-separated table with a header: file and faces, or file and kind with rows of kind 'plain'"
_PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
_NO_FACE_KIND = "plain"


class Detector(Protocol):
    """Finds faces."""

    def find(self, frame: Frame) -> tuple[Face, ...]:
        """Return the faces of a BGR frame."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRecord:
    """One picture.

    Attributes:
        file: its name.
        width_px: its width.
        height_px: its height.
        counted: how many faces people counted in it.
        found: how many the detector found.
        least_score: score of the weakest face found; None when none was.
    """

    file: str
    width_px: int
    height_px: int
    counted: int
    found: int
    least_score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorReport:
    """All pictures together.

    Attributes:
        pictures: how many were looked at.
        faces_counted: faces that people counted.
        faces_found: of these, how many were found; a picture cannot make up for another one.
        recall: found / counted; None when nothing was counted.
        recall_ci95: its exact 95 % interval; None likewise.
        false_faces: faces found beyond the count.
        records: picture by picture.
    """

    pictures: int
    faces_counted: int
    faces_found: int
    recall: float | None
    recall_ci95: Interval | None
    false_faces: int
    records: tuple[PictureRecord, ...]


def evaluate_detector(images: Path, counts: Path | None, detector: Detector) -> DetectorReport:
    """Run a detector over pictures.

    Args:
        images: folder of the pictures.
        counts: table of the pictures to use: columns ``file`` and ``faces``; or ``file`` and ``kind``, of which the
            rows of kind ``plain`` are used and hold no face. None: every picture of the folder, none holds a face.
        detector: finds faces.

    Raises:
        ConfigError: the table cannot be read or understood.
        UsageError: there is no picture to look at.
        PictureError: a picture cannot be read.
        DetectionError: the detector failed.
    """
    listed = _all_pictures(images) if counts is None else read_counts(counts)
    if not listed:
        raise UsageError(f"no pictures to look at in {images}", hint="give a folder of pictures and their counts")
    records = tuple(_record(images, file, counted, detector) for file, counted in sorted(listed.items()))
    counted = sum(record.counted for record in records)
    found = sum(min(record.counted, record.found) for record in records)
    return DetectorReport(
        pictures=len(records),
        faces_counted=counted,
        faces_found=found,
        recall=found / counted if counted else None,
        recall_ci95=clopper_pearson(found, counted) if counted else None,
        false_faces=sum(max(0, record.found - record.counted) for record in records),
        records=records,
    )


def read_counts(path: Path) -> dict[str, int]:
    """Return the number of faces by file name.

    Raises:
        ConfigError: the table cannot be read or understood.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", strict=True))
        if rows and "faces" in rows[0]:
            return {row["file"]: int(row["faces"]) for row in rows}
        return {row["file"]: 0 for row in rows if row["kind"] == _NO_FACE_KIND}
    except (OSError, UnicodeDecodeError, csv.Error, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"cannot read face counts from {path}: {error}", hint=_COUNTS_HINT) from error


def _all_pictures(images: Path) -> dict[str, int]:
    try:
        return {p.name: 0 for p in images.iterdir() if p.suffix.lower() in _PICTURE_SUFFIXES}
    except OSError as error:
        raise UsageError(f"cannot read {images}: {error.strerror}", hint="give a folder of pictures") from error


def _record(images: Path, file: str, counted: int, detector: Detector) -> PictureRecord:
    pixels = read_picture(images / file)
    faces = detector.find(frame_of(pixels, SystemClock()))
    return PictureRecord(
        file=file,
        width_px=pixels.shape[1],
        height_px=pixels.shape[0],
        counted=counted,
        found=len(faces),
        least_score=min((face.score for face in faces), default=None),
    )
