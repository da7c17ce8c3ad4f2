"""Pictures of made-up people, and what two made-up models see of them."""

from collections.abc import Mapping, Sequence

import numpy as np

from edge.domain.embedding import Embedding
from edge.domain.enrollment import EnrollmentPicture
from edge.domain.face import Box, Face, Quality
from edge.domain.match import SubjectRef
from edge.pipeline.guard.limits import GuardLimits
from edge.pipeline.guard.look import Look, Rows
from edge.pipeline.guard.views import HIDDEN
from edge.recognition.gallery import Gallery, Template
from edge.vision.align import AlignmentError
from tests.support.profiles import A, B

AXES = 16
LIMITS = GuardLimits(
    false_alarms_aimed=0.01,
    people=10,
    pictures=100,
    growth=0.02,
    usual_own=0.8,
    usual_gain=(-0.1,) * len(HIDDEN),
    usual_disagreement=0.0,
    limits={
        "unlike": -0.05,
        "odd": 0.2,
        "gain": 0.15,
        "resembles": 0.45,
        "between": -0.15,
        "hidden": 0.1,
        "disagreement": 0.3,
        "squeeze-a": 0.1,
        "squeeze-b": 0.1,
    },
)


def row(**parts: float) -> Rows:
    """Return a unit row, float32 (AXES,), of parts by axis, as in ``row(x0=1, x3=0.2)``."""
    vector = np.zeros(AXES, np.float32)
    for axis, part in parts.items():
        vector[int(axis[1:])] = part
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def look(
    plain: Rows, *, hidden: Mapping[int, Rows] | None = None, squeezed: Rows | None = None, second: Rows | None = None
) -> Look:
    """Return a look in which both models see the same.

    Args:
        plain: unit row of the whole picture.
        hidden: unit rows of hidden views by their number; the others are as ``plain``.
        squeezed: of the smoothed picture; None = as ``plain``.
        second: what the second model sees of the whole picture; None = as the first.
    """
    views = np.stack([(hidden or {}).get(number, plain) for number in range(len(HIDDEN))])
    smooth = plain if squeezed is None else squeezed
    other = plain if second is None else second
    return Look(plain={"a": plain, "b": other}, squeezed={"a": smooth, "b": smooth if second is None else other},
                hidden={"a": views, "b": views})  # fmt: skip


def honest(person: int, count: int = 5) -> list[Look]:
    """Return looks at honest pictures of a person, each a little its own; two of them are 0.8 alike."""
    return [look(row(**{f"x{person}": 0.8944, f"x{AXES - 1 - number}": 0.4472})) for number in range(count)]


def gallery_of_looks(people: Mapping[str, Sequence[Look]]) -> Gallery:
    """Return a gallery in which people are enrolled with looks."""
    return Gallery(
        {"a": A, "b": B},
        {
            SubjectRef(name): {m: Template.from_vectors(np.stack([s.plain[m] for s in seen])) for m in ("a", "b")}
            for name, seen in people.items()
        },
    )


def picture(name: str, seen: Look) -> EnrollmentPicture:
    """Return an enrollment picture with the embeddings of a look."""
    return EnrollmentPicture(
        source=name,
        crop=np.zeros((4, 4, 3), np.uint8),
        face=Face(frame_seq=0, box=Box(0, 0, 50, 50), landmarks=np.zeros((5, 2), np.float32), score=0.9),
        quality=Quality(width_px=50, sharpness=1.0, brightness=100, yaw_ratio=0),
        embeddings={"a": Embedding(A, seen.plain["a"]), "b": Embedding(B, seen.plain["b"])},
    )


class GivenLooks:
    """Sees what a test says; a picture that it does not know cannot be shown."""

    def __init__(self, looks: Mapping[str, Look]) -> None:
        self._looks = looks

    def look(self, picture: EnrollmentPicture) -> Look:
        """Return the look of a picture by its source."""
        try:
            return self._looks[picture.source]
        except KeyError:
            raise AlignmentError("no face", hint="none") from None
