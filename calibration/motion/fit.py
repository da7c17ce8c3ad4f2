"""The bound between a flat picture and a face, from presentations of pictures and clips of a few people.

With a handful of people this is a choice that fits them, never a false acceptance rate. So each person is also left
out once: the bound of the others, asked about theirs.
"""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from calibration.evaluation.clips import Clip
from calibration.motion.changes import changes_of, frames_of, recorded_frames
from calibration.motion.presentations import HANDLINGS, RATE_HZ, Portrait, present
from calibration.pictures.faces import most_central
from calibration.statistics.intervals import Interval, clopper_pearson
from edge.capture.picture import read_picture
from edge.defenses.replay import sustained
from edge.domain.errors import UsageError
from edge.domain.motion import FaceChange
from edge.vision.detect import FaceDetector
from engines.progress import Progress

MOST_CHANGE = 0.2
"""Change from which a frame shows something else than the face: a hand before it, or another plane was found."""

_FACE_SIZES_PX = (65.0, 65.0, 110.0, 160.0)  # as often small as large: small faces show the least


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One attempt of a genuine person or with a picture.

    Attributes:
        who: the person, or the picture's.
        what: the clip's name, or how the picture was handled.
        reached: the change that its frames reached; NaN = not measurable.
    """

    who: str
    what: str
    reached: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A person judged by the others' bound.

    Attributes:
        person: who.
        threshold: the bound without them.
        refused: how many of their clips it refuses.
        clips: how many there are.
    """

    person: str
    threshold: float
    refused: int
    clips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayFit:
    """The bound and what was measured at it.

    Attributes:
        threshold: least change of a living face.
        clips: genuine attempts.
        pictures: presentations that fitted it, of people of split A.
        others: presentations of people of split B, which fitted nothing.
        left_out: every person by the bound of the others.
    """

    threshold: float
    clips: tuple[Shown, ...]
    pictures: tuple[Shown, ...]
    others: tuple[Shown, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def passed(self) -> tuple[int, Interval]:
        """How many of the others' presentations the bound lets pass, and the exact interval of that rate."""
        count = sum(shown.reached >= self.threshold for shown in self.others)
        return count, clopper_pearson(count, len(self.others))


def fit_replay(clips: Sequence[Shown], pictures: Sequence[Shown], others: Sequence[Shown]) -> ReplayFit:
    """Return the bound between pictures and clips.

    Raises:
        UsageError: there is none: a picture changes as much as a person, or nothing could be measured.
    """
    people = sorted({shown.who for shown in clips})
    left_out = []
    for person in people:
        rest = [shown for shown in clips if shown.who != person]
        if not rest:
            raise UsageError("a bound needs clips of at least two people", hint="give --people with more of them")
        bound = _between(rest, pictures)
        own = [shown for shown in clips if shown.who == person]
        refused = sum(not shown.reached >= bound for shown in own)
        left_out.append(LeftOut(person=person, threshold=bound, refused=refused, clips=len(own)))
    return ReplayFit(
        threshold=_between(clips, pictures),
        clips=tuple(clips),
        pictures=tuple(pictures),
        others=tuple(others),
        left_out=tuple(left_out),
    )


def _between(clips: Sequence[Shown], pictures: Sequence[Shown]) -> float:
    """Return the geometric mean of the least change of a person and the most of a picture."""
    least = min((s.reached for s in clips if math.isfinite(s.reached)), default=math.nan)
    most = max((s.reached for s in pictures if math.isfinite(s.reached)), default=math.nan)
    if not 0 < most < least:
        raise UsageError(
            f"no bound lies between pictures (up to {most:.4f}) and people (from {least:.4f})",
            hint="look at the clips: every person must be seen for at least two seconds",
        )
    return math.sqrt(least * most)


def shown_clips(clips: Sequence[Clip], detector: FaceDetector, progress: Progress) -> Iterator[Shown]:
    """Yield every clip's change.

    Raises:
        EdgeError: a clip cannot be read, or the detector failed.
    """
    progress.start("clips", len(clips))
    try:
        for number, clip in enumerate(clips):
            changes = changes_of(recorded_frames(clip.file), detector, most=MOST_CHANGE)
            yield _shown(clip.person, clip.file.name, changes)
            progress.advance(number + 1)
    finally:
        progress.finish()


def shown_pictures(
    people: Mapping[str, Sequence[Path]], detector: FaceDetector, progress: Progress, *, count: int, seed: int
) -> Iterator[Shown]:
    """Yield presentations of ``count`` people's pictures, drawn by ``seed``, each handled in every way in turn.

    Raises:
        EdgeError: a picture cannot be read, or the detector failed.
    """
    rng = random.Random(seed)  # noqa: S311 - a repeatable choice of pictures, not a secret
    names = rng.sample(sorted(people), min(count, len(people)))
    progress.start("presentations", len(names))
    try:
        for number, name in enumerate(names):
            portrait, handling = _portrait(people[name][0], detector), HANDLINGS[number % len(HANDLINGS)]
            face_px = rng.choice(_FACE_SIZES_PX)
            if portrait is not None:
                frames = frames_of(present(portrait, handling, face_px=face_px, seed=seed + number), RATE_HZ)
                yield _shown(name, handling.name, changes_of(frames, detector, most=MOST_CHANGE))
            progress.advance(number + 1)
    finally:
        progress.finish()


def _portrait(file: Path, detector: FaceDetector) -> Portrait | None:
    pixels = read_picture(file)
    frame = next(frames_of([pixels], RATE_HZ))
    face = most_central(detector.find(frame), frame)
    return None if face is None else Portrait(pixels, face.box.center, face.box.width)


def _shown(who: str, what: str, changes: Sequence[FaceChange]) -> Shown:
    return Shown(who=who, what=what, reached=sustained(changes, MOST_CHANGE))
