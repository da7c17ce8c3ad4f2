"""What a log comes to: who is who, and how every picture stands."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from training.manifest.entries import Finding, PictureFacts, Used
from training.roles.role import PEOPLE_TO_TRUST
from training.roles.roster import Roster


class Status(StrEnum):
    """How a picture stands."""

    NEW = "new"
    """Nobody and nothing has looked at it."""
    VETTED = "vetted"
    """The screens found nothing; people have not decided."""
    QUARANTINED = "quarantined"
    """A screen found something; people have not decided."""
    TRUSTED = "trusted"
    """Vetted, and approved by enough people who did not bring it."""
    REJECTED = "rejected"
    """A reviewer refused it."""
    RECALLED = "recalled"
    """Its source, its contributor or itself was recalled."""
    REMOVED = "removed"
    """Taken out."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One picture and everything that was done with it.

    Attributes:
        facts: as it came, with the subject it is said to show now.
        contributor: who brought it.
        source: from where.
        license: under which terms.
        consent: whose, and where that is kept.
        entered: when the log has it from, UTC.
        is_vetted: the screens ran on it as it is labeled now.
        findings: what they found.
        approvals: reviewers who approved it as it is labeled now.
        rejections: reviewers who refused it.
        recalled: why it was recalled; empty = it was not.
        removed: why it was removed; empty = it was not.
    """

    facts: PictureFacts
    contributor: str
    source: str
    license: str
    consent: str
    entered: dt.datetime
    is_vetted: bool = False
    findings: tuple[Finding, ...] = ()
    approvals: frozenset[str] = frozenset()
    rejections: frozenset[str] = frozenset()
    recalled: str = ""
    removed: str = ""

    @property
    def status(self) -> Status:
        """How it stands; whatever speaks against it wins over what speaks for it."""
        if self.removed:
            return Status.REMOVED
        if self.recalled:
            return Status.RECALLED
        if self.rejections:
            return Status.REJECTED
        if not self.is_vetted:
            return Status.NEW
        if len(self.approvals) >= PEOPLE_TO_TRUST:
            return Status.TRUSTED
        return Status.QUARANTINED if self.findings else Status.VETTED


@dataclass(frozen=True, slots=True)
class Version:
    """The trusted pictures of one moment, for ever.

    Attributes:
        id: digest of its pictures and their subjects (``training.manifest.version``).
        sequence: of the entry that sealed it.
        sealed: when, UTC.
        author: who sealed it.
        pictures: as they were labeled then, by sha256.
    """

    id: str
    sequence: int
    sealed: dt.datetime
    author: str
    pictures: Mapping[str, PictureFacts]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A whole log, folded.

    Attributes:
        name: of the dataset; empty before it is founded.
        founder: public key of its first administrator.
        roster: its people as they are now.
        pictures: every picture that ever came in, by sha256.
        versions: all that were sealed, by id, oldest first.
        uses: what learned from which data, oldest first.
        sequence: of the last entry; -1 before the first.
        head: hash of the last line.
    """

    name: str = ""
    founder: bytes = b""
    roster: Roster = field(default_factory=Roster)
    pictures: Mapping[str, Standing] = field(default_factory=dict)
    versions: Mapping[str, Version] = field(default_factory=dict)
    uses: tuple[Used, ...] = ()
    sequence: int = -1
    head: str = "0" * 64

    def standing(self, status: Status) -> Iterator[Standing]:
        """Return the pictures of one status, in the order in which they came."""
        return (picture for picture in self.pictures.values() if picture.status is status)

    def counts(self) -> dict[str, int]:
        """Return how many pictures stand how; every status has its key."""
        counts = dict.fromkeys((status.value for status in Status), 0)
        for picture in self.pictures.values():
            counts[picture.status.value] += 1
        return counts
