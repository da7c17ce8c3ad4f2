"""Who plays in a campaign: victims who are enrolled, and strangers who want to be taken for them.

Of every victim the first pictures by number that pass the enrollment's quality gate are enrolled, the next ones are
what the attacker has of them, and later ones are the victim's own visits. No picture plays two parts.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.identities import pictures_of
from calibration.pairs import in_split_a
from edge.capture.picture import read_picture
from edge.daemon.models import Models
from edge.domain.clock import SystemClock
from edge.domain.enrollment import EnrollmentPicture
from edge.domain.errors import PictureError, UsageError
from edge.domain.frame import Frame
from edge.domain.match import SubjectRef
from edge.domain.profile import Profile
from edge.pipeline.enroll import PictureTaker, vet
from edge.recognition.gallery import Gallery, Template
from edge.vision.detect import FaceDetector
from engines.progress import Progress

ENROLLED = 5
CRAFTING = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Victim:
    """An enrolled person.

    Attributes:
        subject: their reference in the gallery; here the name of the folder.
        wanted: float32 (d,) unit mean embedding of the crafting pictures by model id.
        visits: pictures of theirs that are neither enrolled nor known to the attacker.
    """

    subject: SubjectRef
    wanted: Mapping[str, NDArray[np.float32]]
    visits: tuple[Path, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """Everybody: the gallery, its people, and pictures of strangers in a fixed random order."""

    gallery: Gallery
    victims: tuple[Victim, ...]
    strangers: tuple[Path, ...]


def cast_of(
    images: Path, subjects: Sequence[str], models: Models, profile: Profile, progress: Progress, *, most_victims: int
) -> Cast:
    """Enroll the subjects of split B and line up everybody else of split B as strangers.

    Args:
        images: folder of identities, ``NAME/NAME_0001.jpg``.
        subjects: who may be enrolled.
        models: the gate's models.
        profile: limits of the quality gate.
        progress: shown while pictures are embedded.
        most_victims: enroll no more than so many.

    Raises:
        UsageError: nobody of split B can be enrolled, or there is no stranger.
    """
    everybody = pictures_of(images)
    chosen = [name for name in subjects if name in everybody and not in_split_a(name)]
    taker = PictureTaker(
        detector=FaceDetector(models.detector, threshold=profile.detector_threshold),
        stages=models.stages,
        profile=profile,
    )
    progress.start("enrolling", len(chosen))
    victims: list[Victim] = []
    people: dict[SubjectRef, dict[str, Template]] = {}
    try:
        for done, name in enumerate(chosen, start=1):
            if len(victims) == most_victims:
                break
            found = _victim(name, everybody[name], taker, Gallery(models.bindings, people), profile)
            if found is not None:
                victim, templates = found
                victims.append(victim)
                people[victim.subject] = templates
            progress.advance(done)
    finally:
        progress.finish()
    listed = set(subjects)
    strangers = [pictures[0] for name, pictures in everybody.items() if name not in listed and not in_split_a(name)]
    if not victims or not strangers:
        raise UsageError(
            f"{images} has {len(victims)} people of split B to enroll and {len(strangers)} strangers",
            hint="give a folder of identities, and with --subjects those that have eight pictures or more",
        )
    return Cast(Gallery(models.bindings, people), tuple(victims), tuple(sorted(strangers, key=_shuffle)))


def _victim(
    name: str, pictures: Iterable[Path], taker: PictureTaker, gallery: Gallery, profile: Profile
) -> tuple[Victim, dict[str, Template]] | None:
    good = _good(pictures, taker)
    enrolled = vet([p for _, p in _next(good, ENROLLED)], gallery, profile).pictures
    crafting = [p for _, p in _next(good, CRAFTING)]
    if len(enrolled) < ENROLLED or len(crafting) < CRAFTING:
        return None
    templates = {m: Template.from_embeddings(p.embeddings[m] for p in enrolled) for m in enrolled[0].embeddings}
    wanted = {m: Template.from_embeddings(p.embeddings[m] for p in crafting).centroid for m in templates}
    return Victim(subject=SubjectRef(name), wanted=wanted, visits=tuple(path for path, _ in good)), templates


def _good(pictures: Iterable[Path], taker: PictureTaker) -> Iterator[tuple[Path, EnrollmentPicture]]:
    """Yield the pictures that pass the enrollment's quality gate."""
    clock = SystemClock()
    for path in pictures:
        try:
            pixels = read_picture(path)
        except PictureError:
            continue
        frame = Frame(
            camera_id="redteam", seq=0, captured_ns=clock.monotonic_ns(), captured_utc=clock.utc(), pixels=pixels
        )
        found = taker.take(frame, path.name)
        if isinstance(found, EnrollmentPicture):
            yield path, found


def _next(good: Iterator[tuple[Path, EnrollmentPicture]], count: int) -> list[tuple[Path, EnrollmentPicture]]:
    return [pair for _, pair in zip(range(count), good, strict=False)]


def _shuffle(path: Path) -> bytes:
    """Return a fixed random rank."""
    return hashlib.sha256(path.name.encode()).digest()
