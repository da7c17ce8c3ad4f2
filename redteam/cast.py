"""Who plays in a campaign: victims who are enrolled, and strangers who want to be taken for them.

Of every victim the first pictures by number that pass the enrollment's quality gate are enrolled, the next ones are
what the attacker has of them, and later ones are the victim's own visits. No picture plays two parts.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.pictures.frames import frame_of
from calibration.pictures.identities import pictures_of
from calibration.pictures.pairs import in_split_a
from edge.capture.picture import read_picture
from edge.daemon.certificates_in_force import copies_of
from edge.daemon.models import Models
from edge.domain.certificate import Certificate
from edge.domain.clock import SystemClock
from edge.domain.enrollment import EnrollmentPicture
from edge.domain.errors import PictureError, UsageError
from edge.domain.match import SubjectRef
from edge.domain.profile import Profile
from edge.pipeline.enroll import PictureTaker, vet
from edge.pipeline.occluded import OccludedCopies, templates_of_pictures
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
        templates: float32 (d,) enrolled centroid by model id.
        wanted_occluded: float64 (masks, d) by name of certificate in force, of the crafting pictures' copies.
        templates_occluded: the same of the enrolled pictures.
        picture: the first of the crafting pictures.
        visits: pictures of theirs that are neither enrolled nor known to the attacker.
    """

    subject: SubjectRef
    wanted: Mapping[str, NDArray[np.float32]]
    templates: Mapping[str, NDArray[np.float32]]
    picture: Path
    visits: tuple[Path, ...]
    wanted_occluded: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    templates_occluded: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """Everybody: the gallery, its people, and pictures of strangers in a fixed random order."""

    gallery: Gallery
    victims: tuple[Victim, ...]
    strangers: tuple[Path, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """What a cast is made of.

    Attributes:
        people: pictures of whom may be enrolled, by name, in order.
        strangers: pictures of people who are not enrolled.
        words: where they are from, for the manifest.
    """

    people: Mapping[str, Sequence[Path]]
    strangers: Sequence[Path]
    words: str


def split_b(images: Path, subjects: Sequence[str]) -> Pictures:
    """Return the subjects of split B, and one picture each of everybody else of split B.

    Args:
        images: folder of identities, ``NAME/NAME_0001.jpg``.
        subjects: who may be enrolled.

    Raises:
        UsageError: the folder is not there.
    """
    everybody = {name: p for name, p in pictures_of(images).items() if not in_split_a(name)}
    listed = set(subjects)
    strangers = [pictures[0] for name, pictures in everybody.items() if name not in listed]
    return Pictures(
        {name: everybody[name] for name in subjects if name in everybody},
        sorted(strangers, key=_shuffle),
        f"{images.name}: people of split B",
    )


def split_a(images: Path) -> Pictures:
    """Return everybody of split A with pictures enough to be enrolled and known, and one picture each of the others.

    For whatever is fitted: nobody of split B is on any of them.

    Raises:
        UsageError: the folder is not there.
    """
    everybody = {name: p for name, p in pictures_of(images).items() if in_split_a(name)}
    people = {name: p for name, p in everybody.items() if len(p) >= ENROLLED + CRAFTING}
    strangers = [pictures[0] for name, pictures in everybody.items() if name not in people]
    names = sorted(people, key=lambda name: hashlib.sha256(name.encode()).digest())
    return Pictures(
        {name: people[name] for name in names},
        sorted(strangers, key=_shuffle),
        f"{images.name}: people of split A",
    )


def cast_of(
    pictures: Pictures,
    models: Models,
    profile: Profile,
    progress: Progress,
    *,
    most_victims: int,
    certificates: Sequence[Certificate] = (),
) -> Cast:
    """Enroll people.

    Args:
        pictures: of everybody.
        models: the gate's models.
        profile: limits of the quality gate.
        progress: shown while pictures are embedded.
        most_victims: enroll no more than so many.
        certificates: in force; victims get occluded templates for them.

    Raises:
        UsageError: nobody can be enrolled, or there is no stranger.
    """
    taker = PictureTaker(
        detector=FaceDetector(models.detector, threshold=profile.detector_threshold),
        stages=models.stages,
        profile=profile,
    )
    occluder = _Occluder(copies_of(models, profile), tuple(certificates))
    victims: list[Victim] = []
    people: dict[SubjectRef, dict[str, Template]] = {}
    progress.start("enrolling", len(pictures.people))
    try:
        for done, (name, own) in enumerate(pictures.people.items(), start=1):
            if len(victims) == most_victims:
                break
            found = _victim(name, own, taker, Gallery(models.bindings, people), profile, occluder)
            if found is not None:
                victim, templates = found
                victims.append(victim)
                people[victim.subject] = templates
            progress.advance(done)
    finally:
        progress.finish()
    if not victims or not pictures.strangers:
        raise UsageError(
            f"{len(victims)} people can be enrolled and there are {len(pictures.strangers)} strangers",
            hint=f"give a folder of identities, with {ENROLLED + CRAFTING} good pictures or more of the subjects",
        )
    occluded = {victim.subject: victim.templates_occluded for victim in victims}
    return Cast(Gallery(models.bindings, people, occluded), tuple(victims), tuple(pictures.strangers))


@dataclass(frozen=True, slots=True)
class _Occluder:
    """Makes templates of occluded copies for the certificates in force."""

    copies: OccludedCopies
    certificates: tuple[Certificate, ...]

    def templates(self, pictures: Sequence[EnrollmentPicture]) -> dict[str, NDArray[np.float64]]:
        """Return a person's template of every certificate, float64 (masks, d) by name."""
        return templates_of_pictures(self.copies, [(p.crop, p.face) for p in pictures], self.certificates)


def _victim(
    name: str,
    pictures: Iterable[Path],
    taker: PictureTaker,
    gallery: Gallery,
    profile: Profile,
    occluder: _Occluder,
) -> tuple[Victim, dict[str, Template]] | None:
    good = _good(pictures, taker)
    enrolled = vet([p for _, p in _next(good, ENROLLED)], gallery, profile).pictures
    known = _next(good, CRAFTING)
    crafting = [p for _, p in known]
    if len(enrolled) < ENROLLED or len(crafting) < CRAFTING:
        return None
    templates = {m: Template.from_embeddings(p.embeddings[m] for p in enrolled) for m in enrolled[0].embeddings}
    wanted = {m: Template.from_embeddings(p.embeddings[m] for p in crafting).centroid for m in templates}
    victim = Victim(
        subject=SubjectRef(name),
        wanted=wanted,
        templates={m: template.centroid for m, template in templates.items()},
        picture=known[0][0],
        visits=tuple(path for path, _ in good),
        wanted_occluded=occluder.templates(crafting),
        templates_occluded=occluder.templates(enrolled),
    )
    return victim, templates


def _good(pictures: Iterable[Path], taker: PictureTaker) -> Iterator[tuple[Path, EnrollmentPicture]]:
    """Yield the pictures that pass the enrollment's quality gate."""
    clock = SystemClock()
    for path in pictures:
        try:
            pixels = read_picture(path)
        except PictureError:
            continue
        found = taker.take(frame_of(pixels, clock), path.name)
        if isinstance(found, EnrollmentPicture):
            yield path, found


def _next(good: Iterator[tuple[Path, EnrollmentPicture]], count: int) -> list[tuple[Path, EnrollmentPicture]]:
    return [pair for _, pair in zip(range(count), good, strict=False)]


def _shuffle(path: Path) -> bytes:
    """Return a fixed random rank."""
    return hashlib.sha256(path.name.encode()).digest()
