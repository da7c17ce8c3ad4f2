"""Where people of split B are enrolled, and what opens to whom afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from edge.daemon.models import Models
from edge.domain.embedding import Embedding
from edge.domain.enrollment import EnrollmentPicture
from edge.domain.errors import UsageError
from edge.domain.profile import Profile
from edge.pipeline.enroll import vet
from edge.pipeline.guard.guard import EnrollmentGuard
from edge.pipeline.guard.limits import shipped_guard_limits
from edge.pipeline.guard.look import Look, Looker
from edge.recognition.gallery import Gallery, Template
from training.vetting.enrollment import PICTURES_EACH, SeenPicture, Studio, gallery_without, template_of

_LEAST_PEOPLE = 3


class KnownLooks:
    """Remembers what was looked at: the same pictures are judged in many rows."""

    def __init__(self, looker: Looker) -> None:
        self._looker = looker
        self._known: dict[int, tuple[EnrollmentPicture, Look]] = {}

    def know(self, seen: SeenPicture) -> None:
        """Keep a look that was taken already."""
        self._known[id(seen.picture)] = seen.picture, seen.look

    def look(self, picture: EnrollmentPicture) -> Look:
        """Return what is seen of a picture."""
        if id(picture) not in self._known:
            self._known[id(picture)] = picture, self._looker.look(picture)
        return self._known[id(picture)][1]


@dataclass(frozen=True, slots=True, eq=False)
class Registry:
    """Where people of split B are enrolled.

    Attributes:
        studio: takes pictures.
        models: active engines.
        profile: of the gate.
        limits: of the guard.
        people: pictures of everybody: the first ones are enrolled, the others are shown to the gate.
        bystander: whose eyes a print shows; nobody of ``people``.
        seed: of who attacks whom.
    """

    studio: Studio
    models: Models
    profile: Profile
    limits: GuardLimits
    people: Mapping[str, Sequence[SeenPicture]]
    bystander: EnrollmentPicture
    seed: int
    _looks: list[KnownLooks] = field(default_factory=list)

    @property
    def looks(self) -> KnownLooks:
        """What was seen so far."""
        if not self._looks:
            self._looks.append(KnownLooks(self.studio.looker))
            for pictures in self.people.values():
                for seen in pictures:
                    self._looks[0].know(seen)
        return self._looks[0]

    def gallery(self, *left_out: str) -> Gallery:
        """Return everybody with their honest pictures, some left out."""
        templates = {name: template_of([p.look for p in seen[:PICTURES_EACH]]) for name, seen in self.people.items()}
        return gallery_without(self.models, templates, left_out)

    def fit(self, pictures: Sequence[EnrollmentPicture], gallery: Gallery) -> tuple[EnrollmentPicture, ...]:
        """Return the pictures that ``people enroll`` would learn."""
        alike = vet(pictures, gallery, self.profile).pictures
        return EnrollmentGuard(self.looks, self.limits).judge(alike, gallery, self.profile.match).fit

    def opens(self, templates: Mapping[str, Template], probe: Mapping[str, Embedding]) -> bool:
        """Whether a picture matches by both models' floors and the fused score, before any other defense."""
        point = self.profile.match
        scores = {m: float(templates[m].scores(e.vector[np.newaxis])[0]) for m, e in probe.items()}
        return point.fuse(scores) >= point.threshold and all(scores[m] >= f for m, f in point.floors.items())


