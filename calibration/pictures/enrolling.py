"""Enrolls people of a test as a gate would: the first pictures by number that its own enrollment takes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.pictures.frames import frame_of
from edge.capture.picture import read_picture
from edge.daemon.certificates_in_force import copies_of
from edge.daemon.models import Models
from edge.domain.certificate import Certificate
from edge.domain.clock import SystemClock
from edge.domain.embedding import Binding
from edge.domain.enrollment import EnrollmentPicture
from edge.domain.errors import PictureError
from edge.domain.match import SubjectRef
from edge.domain.profile import Profile
from edge.pipeline.enroll import PictureTaker, TakesPictures, vet
from edge.pipeline.occluded import OccludedCopies, templates_of_pictures
from edge.recognition.gallery import Gallery, Template
from edge.vision.detect import FaceDetector
from engines.progress import Progress


@dataclass(frozen=True, slots=True, eq=False)
class Enrolled:
    """The gallery of a test.

    Attributes:
        gallery: everybody who could be enrolled; references are the names of the folders.
        used: pictures that were enrolled, which are no probes.
        not_enrolled: why the others could not be, by name.
    """

    gallery: Gallery
    used: frozenset[Path]
    not_enrolled: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Office:
    """Where people are enrolled.

    Attributes:
        taker: makes enrollment pictures, or refuses.
        bindings: of the running models, by model id.
        profile: decides which pictures belong together.
        copies: makes occluded copies for the certificates in force; None = nobody gets occluded templates.
        certificates: those in force.
    """

    taker: TakesPictures
    bindings: Mapping[str, Binding]
    profile: Profile
    copies: OccludedCopies | None = None
    certificates: tuple[Certificate, ...] = ()

    @classmethod
    def of(cls, models: Models, profile: Profile, certificates: tuple[Certificate, ...] = ()) -> "Office":
        """Return one with the gate's own detector, quality gate and models.

        Args:
            models: active engines.
            profile: of the gate.
            certificates: those that people get occluded templates for.
        """
        detector = FaceDetector(models.detector, threshold=profile.detector_threshold)
        taker = PictureTaker(detector=detector, stages=models.stages, profile=profile)
        copies = copies_of(models, profile) if certificates else None
        return cls(taker, models.bindings, profile, copies, certificates)

    def enroll(self, people: Mapping[str, Sequence[Path]], templates: int, progress: Progress) -> Enrolled:
        """Enroll everybody who has ``templates`` pictures that are taken, and at least one picture beside them.

        Args:
            people: pictures by name, in order of number.
            templates: pictures a person is enrolled with.
            progress: shown while people are enrolled.

        Raises:
            EdgeError: an engine failed.
        """
        known: dict[SubjectRef, dict[str, Template]] = {}
        occluded: dict[SubjectRef, dict[str, NDArray[np.float64]]] = {}
        used: set[Path] = set()
        failed: dict[str, str] = {}
        progress.start("enrolling", len(people))
        try:
            for done, (name, pictures) in enumerate(people.items(), start=1):
                taken = self._taken(pictures, templates, Gallery(self.bindings, known))
                if isinstance(taken, str):
                    failed[name] = taken
                else:
                    used |= set(taken)
                    known[SubjectRef(name)] = _templates(list(taken.values()))
                    occluded[SubjectRef(name)] = self._occluded(list(taken.values()))
                progress.advance(done)
        finally:
            progress.finish()
        return Enrolled(Gallery(self.bindings, known, occluded), frozenset(used), failed)

    def _occluded(self, pictures: Sequence[EnrollmentPicture]) -> dict[str, NDArray[np.float64]]:
        if self.copies is None:
            return {}
        return templates_of_pictures(self.copies, [(p.crop, p.face) for p in pictures], self.certificates)

    def _taken(
        self, pictures: Sequence[Path], templates: int, gallery: Gallery
    ) -> dict[Path, EnrollmentPicture] | str:
        """Return what a person is enrolled with, or why they cannot be."""
        if len(pictures) <= templates:
            return f"has too few pictures: {len(pictures)}; {templates} to enroll and 1 to ask with are needed"
        taken = self._first_that_belong(pictures, templates, gallery)
        if len(taken) < templates:
            return f"has {len(taken)} pictures that can be enrolled, of {len(pictures)}; {templates} are needed"
        return taken

    def _first_that_belong(
        self, pictures: Sequence[Path], templates: int, gallery: Gallery
    ) -> dict[Path, EnrollmentPicture]:
        """Return the first pictures that pass; one that does not belong to the others gives way to the next."""
        taken: dict[Path, EnrollmentPicture] = {}
        for path, picture in self._good(pictures):
            taken[path] = picture
            if len(taken) == templates:
                belong = vet(list(taken.values()), gallery, self.profile).pictures
                taken = {path: picture for path, picture in taken.items() if picture in belong}
            if len(taken) == templates:
                break
        return taken

    def _good(self, pictures: Sequence[Path]) -> Iterator[tuple[Path, EnrollmentPicture]]:
        """Yield the pictures that pass the enrollment's quality gate; one that cannot be read does not."""
        for path in pictures:
            try:
                found = self.taker.take(frame_of(read_picture(path), SystemClock()), path.name)
            except PictureError:
                continue
            if isinstance(found, EnrollmentPicture):
                yield path, found


def _templates(pictures: Sequence[EnrollmentPicture]) -> dict[str, Template]:
    return {m: Template.from_embeddings(p.embeddings[m] for p in pictures) for m in pictures[0].embeddings}
