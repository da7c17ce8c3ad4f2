"""Holds back the pictures of an enrollment that are suspicious; what is held never becomes a template by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge.domain.enrollment import EnrollmentPicture
from edge.domain.profile import MatchPoint
from edge.pipeline.guard.limits import GuardLimits, Suspicion
from edge.pipeline.guard.look import Look, Looks
from edge.pipeline.guard.measures import UNLIKE, measures_of
from edge.recognition.gallery import Gallery
from edge.vision.align import AlignmentError

LEAST_PICTURES = 3
"""Of a person: the median of three is the first that one wrong picture does not move."""

ALONE = "alone"
EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True, eq=False)
class HeldPicture:
    """A picture in quarantine.

    Attributes:
        picture: it.
        suspicions: why, at least one.
    """

    picture: EnrollmentPicture
    suspicions: tuple[Suspicion, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Guarded:
    """What the guard made of the pictures of one person.

    Attributes:
        fit: may become templates.
        held: may not, unless an operator says so on record.
    """

    fit: tuple[EnrollmentPicture, ...]
    held: tuple[HeldPicture, ...]


class EnrollmentGuard:
    """Looks at every picture with parts hidden, and compares it with the others of its person and with everybody.

    Args:
        looks: shows pictures to the models.
        limits: of the screens.
    """

    def __init__(self, looks: Looks, limits: GuardLimits) -> None:
        self._looks = looks
        self._limits = limits
        self._usual = limits.usual

    def judge(self, pictures: Sequence[EnrollmentPicture], gallery: Gallery, point: MatchPoint) -> Guarded:
        """Return which pictures of one person may be learned.

        A wrong picture makes the others less like each other. So of those that are suspicious the one least like the
        others is held, and the rest is judged anew, until nothing is found.

        Args:
            pictures: of one person.
            gallery: everybody else who is enrolled.
            point: the joint operating point.

        Raises:
            ConfigError: the limits are for other models.
            RecognitionError: an engine failed.
        """
        held: list[HeldPicture] = []
        left: list[tuple[EnrollmentPicture, Look]] = []
        for picture in pictures:
            look = self._look(picture)
            if look is None:
                held.append(_without_evidence(picture))
            else:
                left.append((picture, look))
        while left and (worst := self._worst(left, gallery, point)) is not None:
            held.append(worst)
            left = [(picture, look) for picture, look in left if picture is not worst.picture]
        if len(left) == 1 and held:
            alone = Suspicion(ALONE, "every picture it could be compared with is held")
            held.append(HeldPicture(left.pop()[0], (alone,)))
        return Guarded(tuple(picture for picture, _ in left), tuple(held))

    def _look(self, picture: EnrollmentPicture) -> Look | None:
        """Return what is seen; None = nothing that numbers can be made of."""
        try:
            look = self._looks.look(picture)
        except AlignmentError:
            return None
        return look if look.is_finite else None

    def _worst(
        self, left: Sequence[tuple[EnrollmentPicture, Look]], gallery: Gallery, point: MatchPoint
    ) -> HeldPicture | None:
        """Return the suspicious picture that is least like the others; None = nothing is suspicious."""
        found: list[tuple[float, HeldPicture]] = []
        for picture, look in left:
            others = [other for one, other in left if one is not picture]
            measures = measures_of(look, others, gallery, point, self._usual)
            suspicions = self._limits.suspicions(measures, len(gallery))
            if suspicions:
                found.append((measures[UNLIKE], HeldPicture(picture, suspicions)))
        return max(found, key=lambda entry: entry[0])[1] if found else None


def _without_evidence(picture: EnrollmentPicture) -> HeldPicture:
    return HeldPicture(picture, (Suspicion(EVIDENCE, "the models could not be shown it with parts hidden"),))
