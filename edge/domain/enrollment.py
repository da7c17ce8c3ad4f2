"""What an enrollment is made of, and why a picture is not part of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edge.domain.embedding import Embedding
from edge.domain.face import Face, Quality


class Refusal(StrEnum):
    """Why a picture is not enrolled. Quality refusals carry the quality gate's own names."""

    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    NOT_LIKE_THE_OTHERS = "not_like_the_others"
    DUPLICATE = "duplicate_of_another_person"
    UNREADABLE = "unreadable"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    CUT_OFF = "cut_off"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    TURNED_AWAY = "turned_away"


@dataclass(frozen=True, slots=True)
class RefusedPicture:
    """A picture that is not part of the enrollment.

    Attributes:
        source: where it is from, for messages.
        reason: why, in one word of ours.
        detail: what exactly, where the word says less than is known; else empty.
    """

    source: str
    reason: Refusal
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EnrollmentPicture:
    """A picture that may become a template.

    Attributes:
        source: where it is from, for messages.
        crop: uint8 BGR (h, w, 3), the face with margin enough to derive templates for a new recipe.
        face: the face, in pixels of ``crop``.
        quality: how good it is.
        embeddings: by model id.
    """

    source: str
    crop: NDArray[np.uint8]
    face: Face
    quality: Quality
    embeddings: Mapping[str, Embedding]
