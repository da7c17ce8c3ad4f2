"""Where people of split B are enrolled, and who is let in afterwards."""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np

from edge.daemon.models import Models
from edge.domain.embedding import Embedding
from edge.domain.enrollment import EnrollmentPicture
from edge.domain.errors import UsageError
from edge.domain.profile import MatchPoint, Profile
from edge.pipeline.enroll import vet
from edge.pipeline.guard.guard import EnrollmentGuard
from edge.pipeline.guard.limits import shipped_guard_limits
from edge.pipeline.guard.look import Look, Looker
from edge.recognition.gallery import Gallery, Template
from training.vetting.enrollment import PICTURES_EACH, SeenPicture, Studio, gallery_without, template_of

PROBES_EACH = 3
"""Pictures of a person, beside those enrolled, that are shown to the gate."""

_LEAST_PEOPLE = 2

People = Mapping[str, Sequence[SeenPicture]]


class KnownLooks:
    """Remembers what was looked at: the same pictures are judged in many rows.

    Args:
        looker: asked for what is not known.
        people: pictures that were looked at already.
    """

    def __init__(self, looker: Looker, people: People) -> None:
        self._looker = looker
        self._known = {id(seen.picture): (seen.picture, seen.look) for all_ in people.values() for seen in all_}

    def look(self, picture: EnrollmentPicture) -> Look:
        """Return what is seen of a picture.

        Raises:
            EdgeError: an engine failed.
        """
        if id(picture) not in self._known:
            self._known[id(picture)] = picture, self._looker.look(picture)
        return self._known[id(picture)][1]


class Registry:
    """Enrolls as ``people enroll`` does, and asks the gate's match.

    Args:
        studio: takes pictures.
        models: active engines.
        profile: of the gate.
        people: pictures of everybody: the first ones are enrolled, the others are shown to the gate.
        bystander: whose eyes a print shows; nobody of ``people``.

    Attributes:
        studio: takes pictures.
        people: as given.
        bystander: as given.
    """

    def __init__(
        self, studio: Studio, models: Models, profile: Profile, people: People, bystander: EnrollmentPicture
    ) -> None:
        self.studio = studio
        self.people = people
        self.bystander = bystander
        self._models = models
        self._profile = profile
        self._guard = EnrollmentGuard(KnownLooks(studio.looker, people), shipped_guard_limits())
        self._templates = {n: template_of([p.look for p in seen[:PICTURES_EACH]]) for n, seen in people.items()}

    @classmethod
    def of(cls, studio: Studio, models: Models, profile: Profile, seen: People) -> Self:
        """Return one of everybody of whom enough pictures were taken; the last of them is the bystander.

        Raises:
            UsageError: too few people.
        """
        whole = {name: taken for name, taken in seen.items() if len(taken) == PICTURES_EACH + PROBES_EACH}
        if len(whole) <= _LEAST_PEOPLE:
            raise UsageError(
                f"{len(whole)} people have {PICTURES_EACH + PROBES_EACH} pictures that can be enrolled; "
                f"{_LEAST_PEOPLE + 1} are needed",
                hint="give a larger folder of identities, or another file of names",
            )
        *names, last = whole
        return cls(studio, models, profile, {name: whole[name] for name in names}, whole[last][0].picture)

    def gallery(self, *left_out: str) -> Gallery:
        """Return everybody with their honest pictures, some left out."""
        return gallery_without(self._models, self._templates, left_out)

    def fit(self, pictures: Sequence[EnrollmentPicture], gallery: Gallery) -> tuple[EnrollmentPicture, ...]:
        """Return the pictures that ``people enroll`` would learn.

        Raises:
            EdgeError: an engine failed.
        """
        alike = vet(pictures, gallery, self._profile).pictures
        return self._guard.judge(alike, gallery, self._profile.match).fit

    def opens(self, enrolled: Mapping[str, Template], shown: EnrollmentPicture) -> bool:
        """Whether a picture matches by both models' floors and the fused score, before any other defense."""
        return _is_match(
            {m: float(enrolled[m].scores(row[np.newaxis])[0]) for m, row in _rows(shown.embeddings).items()},
            self._profile.match,
        )

    def opens_by_nearest(self, enrolled: Mapping[str, Template], shown: EnrollmentPicture) -> bool:
        """Whether it would match if the most alike single picture decided, as in many systems and never here."""
        return _is_match(
            {m: float(np.max(enrolled[m].vectors @ row)) for m, row in _rows(shown.embeddings).items()},
            self._profile.match,
        )


def enrolled_with(pictures: Sequence[EnrollmentPicture]) -> dict[str, Template]:
    """Return the templates of pictures that nobody looked at, by model id."""
    return {m: Template.from_embeddings(p.embeddings[m] for p in pictures) for m in pictures[0].embeddings}


def _rows(embeddings: Mapping[str, Embedding]) -> dict[str, np.ndarray]:
    return {model: embedding.vector for model, embedding in embeddings.items()}


def _is_match(scores: Mapping[str, float], point: MatchPoint) -> bool:
    return point.fuse(scores) >= point.threshold and all(scores[m] >= f for m, f in point.floors.items())
