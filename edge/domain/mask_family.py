"""Which occluded copies certificates ask for, each once, and what tells one set of them from another.

What a mask is called, where it lies, what it is filled with, in which order and how the copy is made decide what an
embedding under it may be compared with. Thresholds, centers and groups do not: a certificate that was only fitted
again goes on with the templates that are there.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge.domain.certificate import Alignment, Certificate, Mask

Place = tuple[float, float, float, float, int]

_TAG = "egate-mask-family-v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskFamily:
    """Occluded copies that are made and stored together.

    Attributes:
        model_id: the recognizer that looks at them.
        alignment: how they are made.
        masks: hidden in turn.
    """

    model_id: str
    alignment: Alignment
    masks: tuple[Mask, ...]

    @property
    def digest(self) -> str:
        """sha256 hex of all that a copy depends on."""
        masks = [[mask.name, *map(float.hex, map(float, place_of(mask)[:4])), mask.fill] for mask in self.masks]
        told = json.dumps([_TAG, self.model_id, self.alignment.value, masks], separators=(",", ":"))
        return hashlib.sha256(told.encode()).hexdigest()

    @staticmethod
    def of(certificate: Certificate) -> "MaskFamily":
        """Return the copies that a certificate asks for."""
        return MaskFamily(
            model_id=certificate.model_id, alignment=certificate.alignment, masks=certificate.masks
        ).without_groups()

    def without_groups(self) -> "MaskFamily":
        """Return the same family, as whatever bounds its masks would ask for it."""
        bare = (
            Mask(name=m.name, group="", x=m.x, y=m.y, width=m.width, height=m.height, fill=m.fill) for m in self.masks
        )
        return MaskFamily(model_id=self.model_id, alignment=self.alignment, masks=tuple(bare))


def families_of(certificates: Iterable[Certificate]) -> tuple[MaskFamily, ...]:
    """Return every family that certificates ask for, each once, in order of first use."""
    return tuple(dict.fromkeys(map(MaskFamily.of, certificates)))


def distinct_masks(masks: Iterable[Mask]) -> tuple[Mask, ...]:
    """Return the masks, of those that hide the same with the same gray only the first."""
    first: dict[Place, Mask] = {}
    for mask in masks:
        first.setdefault(place_of(mask), mask)
    return tuple(first.values())


def columns_of(among: Sequence[Mask], masks: Sequence[Mask]) -> list[int]:
    """Return where each mask, or one that hides the same, stands among distinct ones.

    Raises:
        KeyError: it does not.
    """
    where = {place_of(mask): column for column, mask in enumerate(among)}
    return [where[place_of(mask)] for mask in masks]


def place_of(mask: Mask) -> Place:
    """Return what makes a copy: what is hidden and with which gray, not what it is called."""
    return mask.x, mask.y, mask.width, mask.height, mask.fill
