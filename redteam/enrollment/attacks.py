"""What an attacker brings to somebody's enrollment: a picture of their own, a morph, or a trigger that is worn."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edge.domain.enrollment import EnrollmentPicture
from redteam.poison.painting import morphed, with_print, with_sticker, with_sunglasses

Pixels = NDArray[np.uint8]


class Worn(StrEnum):
    """A trigger: the victim is enrolled with it, and whoever wears it later is to be taken for the victim (FIBA)."""

    GLASSES = "trigger-glasses"
    STICKER = "trigger-sticker"
    PRINT = "trigger-print"


Painter = Callable[[EnrollmentPicture], Pixels]
"""Returns a picture with something on the face, uint8 BGR (h, w, 3)."""


@dataclass(frozen=True, slots=True)
class AttackRow:
    """One row.

    Attributes:
        name: of the attack.
        is_partner_enrolled: whether the attacker is enrolled too.
        poisoned: pictures of the five that the attacker brings.
        worn: the trigger; None = a picture of the attacker, or a morph.
    """

    name: str
    is_partner_enrolled: bool = False
    poisoned: int = 1
    worn: Worn | None = None


STRANGER = "stranger"
MORPH = "morph"

ROWS = (
    AttackRow(STRANGER),
    AttackRow(STRANGER, is_partner_enrolled=True),
    AttackRow(MORPH),
    AttackRow(MORPH, is_partner_enrolled=True),
    AttackRow(MORPH, poisoned=5),
    AttackRow(MORPH, is_partner_enrolled=True, poisoned=5),
    *(AttackRow(worn.value, worn=worn) for worn in Worn),
    *(AttackRow(worn.value, worn=worn, poisoned=5) for worn in Worn),
)
"""Five morphs, and five pictures with a trigger, are an enrollment that the attacker controls as a whole."""


def morph_of(victim: EnrollmentPicture, attacker: EnrollmentPicture) -> Pixels:
    """Return half the victim and half the attacker, in the victim's picture."""
    return morphed(victim.crop, victim.face, attacker.crop, attacker.face)


def painter_of(worn: Worn, printed: EnrollmentPicture) -> Painter:
    """Return what puts a trigger on a face.

    Args:
        worn: which.
        printed: whose eyes a print shows.
    """
    match worn:
        case Worn.GLASSES:
            return lambda picture: with_sunglasses(picture.crop, picture.face)
        case Worn.STICKER:
            return lambda picture: with_sticker(picture.crop, picture.face)
        case Worn.PRINT:
            return lambda picture: with_print(picture.crop, picture.face, printed.crop, printed.face)
