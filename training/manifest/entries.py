"""What can be written into the log of a dataset: one frozen model a kind of entry."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from training.roles.role import Action, Role

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""Of a picture's file, lower-case hexadecimal: a picture's name everywhere."""
PerceptualHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
PublicKey = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", min_length=1, max_length=500)]
"""One line of text for people: a name, a source, a reason."""

MOST_PICTURES_AN_ENTRY = 10_000


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PictureFacts(_Frozen):
    """One picture as it came.

    Attributes:
        sha256: of the file.
        perceptual: 64-bit DCT hash of what it shows (Zauner 2010): near for near-duplicates.
        size_bytes: of the file.
        width_px: upright.
        height_px: upright.
        original: file name at the contributor's.
        subject: who it is said to show.
        taken: when, where that is known.
    """

    sha256: Sha256
    perceptual: PerceptualHash
    size_bytes: int = Field(ge=1)
    width_px: int = Field(ge=1)
    height_px: int = Field(ge=1)
    original: Line
    subject: Line
    taken: AwareDatetime | None = None


class Founded(_Frozen):
    """The first entry: the dataset's name and its first administrator."""

    kind: Literal["founded"] = "founded"
    dataset: Line
    administrator: Line
    public_key: PublicKey


class Appointed(_Frozen):
    """A person is added, or their roles are replaced; no roles = they left."""

    kind: Literal["appointed"] = "appointed"
    name: Line
    public_key: PublicKey
    roles: tuple[Role, ...]


class Contributed(_Frozen):
    """Pictures came in: from where, under which license, with whose consent."""

    kind: Literal["contributed"] = "contributed"
    source: Line
    license: Line
    consent: Line
    pictures: tuple[PictureFacts, ...] = Field(min_length=1, max_length=MOST_PICTURES_AN_ENTRY)


class Relabeled(_Frozen):
    """A picture is said to show somebody else; what was decided on it before is void."""

    kind: Literal["relabeled"] = "relabeled"
    sha256: Sha256
    subject: Line
    reason: Line


class Removed(_Frozen):
    """Pictures are taken out; their files may be destroyed, these lines stay."""

    kind: Literal["removed"] = "removed"
    pictures: tuple[Sha256, ...] = Field(min_length=1, max_length=MOST_PICTURES_AN_ENTRY)
    reason: Line


class Finding(_Frozen):
    """What a screen holds against a picture.

    Attributes:
        sha256: the picture.
        screen: which screen.
        score: its statistic; higher = more suspect.
        reason: in words.
    """

    sha256: Sha256
    screen: Line
    score: float = Field(allow_inf_nan=False)
    reason: Line


class Vetted(_Frozen):
    """Screens were run: over which pictures, and what they found. Found pictures are in quarantine from then on.

    Attributes:
        recipe: digest of the screens, their limits and the verifiers' weights.
        pictures: every picture that was looked at.
        findings: what was found, at most a few a picture.
    """

    kind: Literal["vetted"] = "vetted"
    recipe: Sha256
    pictures: tuple[Sha256, ...] = Field(min_length=1, max_length=MOST_PICTURES_AN_ENTRY)
    findings: tuple[Finding, ...] = ()


class Decision(_Frozen):
    """One reviewer on one picture."""

    sha256: Sha256
    approves: bool
    reason: Line


class Reviewed(_Frozen):
    """A reviewer looked at pictures."""

    kind: Literal["reviewed"] = "reviewed"
    decisions: tuple[Decision, ...] = Field(min_length=1, max_length=MOST_PICTURES_AN_ENTRY)


class Sealed(_Frozen):
    """A version was made: its id is the digest of its pictures and subjects."""

    kind: Literal["sealed"] = "sealed"
    version: Sha256
    pictures: int = Field(ge=1)


class Recalled(_Frozen):
    """A source, a contributor or single pictures are not trusted any more; no later version has them.

    Attributes:
        source: a source's name, or nothing.
        contributor: a member's name, or nothing.
        pictures: single ones.
        reason: in words.
    """

    kind: Literal["recalled"] = "recalled"
    source: Line | None = None
    contributor: Line | None = None
    pictures: tuple[Sha256, ...] = Field(default=(), max_length=MOST_PICTURES_AN_ENTRY)
    reason: Line


class Used(_Frozen):
    """A version, or single pictures, went into something: a model, a person's enrollment, a baseline.

    Attributes:
        what: ``model``, ``person`` or ``baseline``.
        identity: the model's sha256, or the person's random reference.
        version: the version it learned from, or nothing.
        pictures: single pictures, for a person.
    """

    kind: Literal["used"] = "used"
    what: Literal["model", "person", "baseline"]
    identity: Line
    version: Sha256 | None = None
    pictures: tuple[Sha256, ...] = Field(default=(), max_length=MOST_PICTURES_AN_ENTRY)


Entry = Annotated[
    Founded | Appointed | Contributed | Relabeled | Removed | Vetted | Reviewed | Sealed | Recalled | Used,
    Field(discriminator="kind"),
]

ACTION_OF: dict[type[BaseModel], Action] = {
    Appointed: Action.APPOINT,
    Contributed: Action.CONTRIBUTE,
    Relabeled: Action.CHANGE,
    Removed: Action.REMOVE,
    Vetted: Action.VET,
    Reviewed: Action.REVIEW,
    Sealed: Action.SEAL,
    Recalled: Action.RECALL,
    Used: Action.USE,
}
"""What each entry but the first takes the right to do."""


class Body(_Frozen):
    """What a line of the log signs.

    Attributes:
        sequence: 0, 1, 2, ...
        previous: hash of the line before; zeros before the first.
        time: UTC, as the writer's clock had it.
        author: a member's name.
        entry: what was done.
    """

    sequence: int = Field(ge=0)
    previous: Sha256
    time: dt.datetime
    author: Line
    entry: Entry


class SignedLine(_Frozen):
    """A line of the log: the body, and the author's Ed25519 signature over its canonical JSON."""

    body: Body
    key_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    signature: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]
