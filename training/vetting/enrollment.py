"""Learns the limits of the enrollment guard from honest people: each picture against the others of its person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.pictures.frames import frame_of
from edge.capture.picture import read_picture
from edge.daemon.models import Models
from edge.domain.clock import Clock
from edge.domain.enrollment import EnrollmentPicture
from edge.domain.errors import UsageError
from edge.domain.match import SubjectRef
from edge.domain.profile import MatchPoint, Profile
from edge.pipeline.enroll import PictureTaker
from edge.pipeline.guard.limits import GuardLimits
from edge.pipeline.guard.look import Look, Looker
from edge.pipeline.guard.measures import (
    BETWEEN,
    DISAGREEMENT,
    GAIN,
    HIDDEN_OTHER,
    ODD,
    RESEMBLES,
    UNLIKE,
    Usual,
    measures_of,
    model_difference,
    own_likeness,
)
from edge.recognition.gallery import Gallery, Template
from edge.vision.detect import FaceDetector
from engines.progress import Progress
from training.vetting.limits import any_above, fit_limits

PICTURES_EACH = 5
"""That an enrollment has, as the how-to advises."""

_LEAST_PEOPLE = 20
_TAIL = 0.95  # quantile from which likeness to the nearest other person is taken for an exponential tail
_USUAL = 0.75  # quantile of likeness to the own person that the others' counts no more than
_SHARES = {
    UNLIKE: 0.35,
    ODD: 0.35,
    BETWEEN: 0.1,
    GAIN: 0.05,
    RESEMBLES: 0.05,
    HIDDEN_OTHER: 0.05,
    DISAGREEMENT: 0.025,
}
_SQUEEZE_SHARE = 0.0125  # of each model
_STEPS = 40


@dataclass(frozen=True, slots=True, eq=False)
class SeenPicture:
    """An enrollment picture and what the models see of it.

    Attributes:
        path: its file.
        picture: as enrollment takes it.
        look: of the guard.
    """

    path: Path
    picture: EnrollmentPicture
    look: Look


class Studio:
    """Takes and looks at pictures as an enrollment does.

    Args:
        models: active engines.
        profile: of the gate.
        clock: for the frames that pictures become.
    """

    def __init__(self, models: Models, profile: Profile, clock: Clock) -> None:
        detector = FaceDetector(models.detector, threshold=profile.detector_threshold)
        self._taker = PictureTaker(detector=detector, stages=models.stages, profile=profile)
        self.looker = Looker(models.stages)
        self._clock = clock

    def take(self, pixels: NDArray[np.uint8], source: str) -> EnrollmentPicture | None:
        """Return the enrollment picture of pixels, uint8 BGR (h, w, 3); None = enrollment refuses them.

        Raises:
            EdgeError: an engine failed.
        """
        found = self._taker.take(frame_of(pixels, self._clock), source)
        return found if isinstance(found, EnrollmentPicture) else None

    def seen(
        self, people: Mapping[str, Sequence[Path]], most: int, progress: Progress
    ) -> dict[str, tuple[SeenPicture, ...]]:
        """Return the first pictures of everybody that enrollment takes, at most so many each.

        Raises:
            EdgeError: an engine failed, or a picture cannot be read.
        """
        seen: dict[str, tuple[SeenPicture, ...]] = {}
        progress.start("looking", len(people))
        try:
            for number, (name, paths) in enumerate(people.items(), start=1):
                seen[name] = tuple(self._first(paths, most))
                progress.advance(number)
        finally:
            progress.finish()
        return seen

    def _first(self, paths: Sequence[Path], most: int) -> list[SeenPicture]:
        found: list[SeenPicture] = []
        for path in paths:
            picture = self.take(read_picture(path), path.name)
            if picture is not None:
                found.append(SeenPicture(path, picture, self.looker.look(picture)))
            if len(found) == most:
                break
        return found


def template_of(looks: Sequence[Look]) -> dict[str, Template]:
    """Return what a gallery knows of a person with these pictures, by model id."""
    return {m: Template.from_vectors(np.stack([look.plain[m] for look in looks])) for m in looks[0].plain}


def gallery_without(
    models: Models, people: Mapping[str, Mapping[str, Template]], left_out: Sequence[str] = ()
) -> Gallery:
    """Return the gallery of people, some left out."""
    return Gallery(models.bindings, {SubjectRef(n): t for n, t in people.items() if n not in left_out})


@dataclass(frozen=True, slots=True)
class FittedGuard:
    """What a fit comes to.

    Attributes:
        limits: of the guard.
        found: share of the honest pictures that any screen finds.
    """

    limits: GuardLimits
    found: float


def fit_guard(people: Mapping[str, Sequence[Look]], models: Models, point: MatchPoint, aimed: float) -> FittedGuard:
    """Return limits by which no more than ``aimed`` of honest pictures are held, by all screens together.

    Screens overlap, and the tails of some end sooner than an exponential's. So the shares of all are scaled alike
    until together they hold what is aimed at.

    Args:
        people: looks at ``PICTURES_EACH`` pictures of everybody.
        models: whose bindings the gallery has.
        point: the joint operating point.
        aimed: share of pictures.

    Raises:
        UsageError: too few people.
    """
    if len(people) < _LEAST_PEOPLE:
        raise UsageError(
            f"{len(people)} people have {PICTURES_EACH} pictures that can be enrolled; {_LEAST_PEOPLE} are needed",
            hint="give a larger folder of identities",
        )
    usual = _usual(people, point)
    templates = {name: template_of(looks) for name, looks in people.items()}
    rows: list[dict[str, float]] = []
    for name, looks in people.items():
        gallery = gallery_without(models, templates, [name])
        rows += [measures_of(look, _others(looks, look), gallery, point, usual) for look in looks]
    scores = {screen: np.array([row[screen] for row in rows]) for screen in rows[0]}
    limits = _scaled(scores, aimed)
    nearest = scores[RESEMBLES]
    begin = float(np.quantile(nearest, _TAIL))
    return FittedGuard(
        GuardLimits(
            false_alarms_aimed=aimed,
            people=len(people) - 1,
            pictures=len(rows),
            growth=float((nearest[nearest > begin] - begin).mean()),
            usual_own=usual.own,
            usual_gain=tuple(float(gain) for gain in usual.gain),
            usual_disagreement=usual.disagreement,
            limits=limits,
        ),
        float(any_above(scores, limits).mean()),
    )


def _usual(people: Mapping[str, Sequence[Look]], point: MatchPoint) -> Usual:
    owns = [own_likeness(look, _others(looks, look), point) for looks in people.values() for look in looks]
    usual_own = float(np.quantile([own.plain for own in owns], _USUAL))
    gain = np.median([own.hidden - own.plain for own in owns], axis=0)
    return Usual(usual_own, gain, float(np.median([model_difference(own, point) for own in owns])))


def _scaled(scores: Mapping[str, NDArray[np.float64]], aimed: float) -> dict[str, float]:
    least, most = 1e-6, 0.5
    for _ in range(_STEPS):
        middle = float(np.sqrt(least * most))
        if any_above(scores, _limits(scores, middle)).mean() <= aimed:
            least = middle
        else:
            most = middle
    return _limits(scores, least)


def _limits(scores: Mapping[str, NDArray[np.float64]], together: float) -> dict[str, float]:
    limits: dict[str, float] = {}
    for screen, values in scores.items():
        share = _SHARES.get(screen, _SQUEEZE_SHARE) * together
        limits |= fit_limits({screen: values}, share).limits
    limits[UNLIKE] = min(limits[UNLIKE], 0.0)
    return limits


def _others(looks: Sequence[Look], look: Look) -> list[Look]:
    return [other for other in looks if other is not look]
