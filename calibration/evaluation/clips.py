"""Clips of a few people through the whole gate: one clip each enrolls, every other clip is an attempt."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.capture.source import parse_source
from edge.capture.supervisor import CameraFeed, Nothing, Pace
from edge.daemon.assembly import GateParts, build_gate
from edge.daemon.certificates_in_force import certificates_asked, copies_of
from edge.daemon.feed_loop import steps
from edge.daemon.models import Models
from edge.domain.certificate import Certificate
from edge.domain.clock import SystemClock
from edge.domain.enrollment import EnrollmentPicture
from edge.domain.errors import UsageError
from edge.domain.frame import Frame
from edge.domain.match import SubjectRef
from edge.domain.profile import Profile
from edge.domain.reasons import Decision
from edge.domain.verdict import Verdict
from edge.pipeline.enroll import PictureTaker, best_of_recording, vet
from edge.pipeline.occluded import templates_of_pictures
from edge.recognition.gallery import Gallery, Template
from edge.settings.tree import Settings
from edge.vision.detect import FaceDetector


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip and who is on it."""

    person: str
    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipResult:
    """What the gate said of a clip; times on the clip's own clock.

    Attributes:
        clip: which.
        granted: whom it granted, in order; the right answer is its person once.
        first_grant_ms: milliseconds of video until the first grant; None without one.
        reasons: reasons of all attempts, in order.
    """

    clip: Clip
    granted: tuple[str, ...]
    first_grant_ms: float | None
    reasons: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Whether its person was granted and nobody else."""
        return set(self.granted) == {self.clip.person}


def read_clips(people: Path, folder: Path) -> tuple[Clip, ...]:
    """Read a table with columns ``person`` and ``clip``.

    Raises:
        UsageError: it is no such table, or a clip is not there.
    """
    try:
        with people.open(newline="", encoding="utf-8") as file:
            clips = tuple(Clip(row["person"], folder / row["clip"]) for row in csv.DictReader(file, delimiter="\t"))
        absent = next((c.file for c in clips if not c.file.is_file()), None)  # a name may be too long for any file
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise UsageError(f"{people} is not a table of clips: {error}", hint="columns: person, clip; tabs") from error
    if absent is not None or not clips:
        raise UsageError(f"{absent or 'no clip'} is not there", hint="check --videos and --people")
    return clips


def evaluate_clips(
    clips: Sequence[Clip], settings: Settings, models: Models, profile: Profile, *, enroll_with: int
) -> Iterator[ClipResult]:
    """Enroll every person with their clip number ``enroll_with`` (modulo their clips) and watch all others.

    Raises:
        UsageError: an enrollment clip holds no usable face.
    """
    of_person = {p: [c for c in clips if c.person == p] for p in dict.fromkeys(c.person for c in clips)}
    enrolling = {p: own[enroll_with % len(own)] for p, own in of_person.items()}
    gallery = _enrolled(enrolling, models, profile, certificates_asked(profile, settings.policy))
    parts = GateParts(settings, profile, models, gallery)
    for clip in clips:
        if clip not in enrolling.values():
            yield _watched(clip, parts)


def _enrolled(
    enrolling: dict[str, Clip], models: Models, profile: Profile, certificates: Sequence[Certificate]
) -> Gallery:
    taker = PictureTaker(
        detector=FaceDetector(models.detector, threshold=profile.detector_threshold),
        stages=models.stages,
        profile=profile,
    )
    copies = copies_of(models, profile)
    people: dict[SubjectRef, dict[str, Template]] = {}
    occluded: dict[SubjectRef, dict[str, NDArray[np.float64]]] = {}
    for person, clip in enrolling.items():
        with CameraFeed(parse_source(str(clip.file)), pace=Pace.FAST, clock=SystemClock()) as feed:
            found = best_of_recording(_frames(feed), taker, clip.file.name)
        taken = [p for p in found if isinstance(p, EnrollmentPicture)]
        kept = vet(taken, Gallery(models.bindings, people), profile).pictures
        if not kept:
            raise UsageError(f"{clip.file} cannot enroll {person}", hint="use a clip with one clear face")
        people[SubjectRef(person)] = {
            m: Template.from_embeddings(p.embeddings[m] for p in kept) for m in models.bindings
        }
        shown = [(p.crop, p.face) for p in kept]
        occluded[SubjectRef(person)] = templates_of_pictures(copies, shown, certificates)
    return Gallery(models.bindings, people, occluded)


def _watched(clip: Clip, parts: GateParts) -> ClipResult:
    source = parse_source(str(clip.file))
    with CameraFeed(source, pace=Pace.FAST, clock=SystemClock()) as feed:
        start_ns = feed.clock.monotonic_ns()
        gate = build_gate(parts, source, feed.clock)
        verdicts: list[Verdict] = [v for step in steps(feed, gate) for v in step.verdicts]
    grants = [v for v in verdicts if v.decision is Decision.GRANTED]
    return ClipResult(
        clip=clip,
        granted=tuple(str(v.subject) for v in grants),
        first_grant_ms=(grants[0].decided_ns - start_ns) / 1e6 if grants else None,
        reasons=tuple(v.reason.value for v in verdicts),
    )


def _frames(feed: CameraFeed) -> Iterator[Frame]:
    while (frame := feed.next_frame(1_000)) is not Nothing.ENDED:
        if isinstance(frame, Frame):
            yield frame
