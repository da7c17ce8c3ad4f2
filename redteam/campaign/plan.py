"""What a row of the published table is: who attacks, how, with what budget, on how many scenes."""

from dataclasses import dataclass
from enum import StrEnum

from redteam.scene import Goal
from redteam.success import Target


class Attacker(StrEnum):
    """What the attacker knows and can do, weakest first; the last one wants the crop moved and nothing else."""

    NOISE = "noise"
    OBLIVIOUS = "oblivious"
    TRANSFER = "transfer"
    JOINT = "joint"
    ADAPTIVE = "adaptive"
    SEED_KNOWN = "seed-known"
    BLACKBOX = "blackbox"
    DICTIONARY = "dictionary"
    DISPLACEMENT = "displacement"


class Knowledge(StrEnum):
    """What the attacker has of the victim: other pictures (gray box), or the enrolled templates (white box)."""

    PICTURES = "pictures"
    TEMPLATES = "templates"


class Alignment(StrEnum):
    """Whether the gate looks for the attacked face, and what the attacker believes that it finds."""

    DETECTED = "detected"
    """The gate looks, and the attacker follows its detector."""
    JITTERED = "jittered"
    """The gate looks; the attacker takes the face to be about where it was, and never asks the detector."""
    FROZEN = "frozen"
    """The gate is made to judge the face where it was: an assumption in the attacker's favor."""


SOUGHT = "rectangle-sought"
"""The patch that is a rectangle of a tenth of the aligned crop, at the place where it helps the attacker most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: an attack and its scenes.

    Attributes:
        attacker: who.
        attack: name of the attack, such as ``pgd-20``; see :mod:`redteam.campaign.arsenal`.
        scenes: how many scenes, from the first on; rows of one goal share theirs.
        goal: what for.
        eps: L-infinity budget in gray levels of 255; None for patches and attacks without one.
        patch: name of a patch shape, or ``SOUGHT``; None = the whole frame may change.
        is_printed: the patch has grays that print, and is crafted over and judged on photographs of it.
        knows: what the attacker has of the victim.
        alignment: whether the face is looked for.
        draws: random views a step of attackers who look through them.
        source: which models a single-model attacker holds; None = the attacker's usual ones.
        minimal_for: search the smallest eps, up to ``eps``, that overcomes this target; None = attack once.
    """

    attacker: Attacker
    attack: str
    scenes: int
    goal: Goal = Goal.IMPERSONATION
    eps: float | None = None
    patch: str | None = None
    is_printed: bool = False
    knows: Knowledge = Knowledge.PICTURES
    alignment: Alignment = Alignment.DETECTED
    draws: int = 0
    source: Target | None = None
    minimal_for: Target | None = None

    @property
    def row_id(self) -> str:
        """A stable name, safe in file names; rows with equal names are the same attack."""
        parts = [
            self.attacker.value,
            self.attack,
            self.goal.value,
            None if self.eps is None else f"eps{self.eps:g}",
            self.patch,
            "printed" if self.is_printed else None,
            self.knows.value if self.knows is not Knowledge.PICTURES else None,
            self.alignment.value if self.alignment is not Alignment.DETECTED else None,
            f"draws{self.draws}" if self.draws else None,
            f"holds-{self.source.value}" if self.source else None,
            f"minimal-{self.minimal_for.value}" if self.minimal_for else None,
        ]
        return "_".join(part for part in parts if part)
