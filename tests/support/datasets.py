"""A dataset with people of every role, as its log has it."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from pathlib import Path

from edge.trust.signing import Signer
from tests.support.hand_clock import HandClock
from training.manifest.entries import (
    Appointed,
    Contributed,
    Decision,
    Entry,
    Finding,
    Founded,
    PictureFacts,
    Reviewed,
    Vetted,
)
from training.manifest.log import ManifestLog
from training.manifest.standing import Dataset
from training.manifest.version import seal_of
from training.roles.role import Role

PEOPLE = {
    "ada": Role.ADMINISTRATOR,
    "carl": Role.CONTRIBUTOR,
    "cora": Role.CURATOR,
    "rita": Role.REVIEWER,
    "ralf": Role.REVIEWER,
    "theo": Role.TRAINER,
    "anna": Role.APPROVER,
}


def seed_of(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def signer_of(name: str) -> Signer:
    return Signer(seed_of(name))


def sha_of(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def facts(number: int, subject: str = "Somebody") -> PictureFacts:
    return PictureFacts(
        sha256=sha_of(number),
        perceptual=f"{number:016x}",
        size_bytes=1000 + number,
        width_px=160,
        height_px=160,
        original=f"{number}.jpg",
        subject=subject,
    )


class TrialDataset:
    """Writes to a log in somebody's name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = ManifestLog(folder)
        self.clock = HandClock(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))

    def founded(self) -> "TrialDataset":
        key = signer_of("ada").public_key.hex()
        self.write("ada", Founded(dataset="trial", administrator="ada", public_key=key))
        for name, role in PEOPLE.items():
            if name != "ada":
                self.appoint(name, role)
        return self

    def appoint(self, name: str, *roles: Role) -> Dataset:
        return self.write("ada", Appointed(name=name, public_key=signer_of(name).public_key.hex(), roles=roles))

    def write(self, author: str, entry: Entry) -> Dataset:
        return self.log.append(entry, signer=signer_of(author), clock=self.clock)

    def contribute(self, *pictures: PictureFacts, author: str = "carl", source: str = "lobby") -> Dataset:
        return self.write(author, Contributed(source=source, license="internal", consent="form 7", pictures=pictures))

    def vet(self, numbers: Sequence[int], found: Sequence[int] = ()) -> Dataset:
        findings = tuple(Finding(sha256=sha_of(n), screen="labels", score=1.0, reason="another face") for n in found)
        return self.write(
            "cora", Vetted(recipe="0" * 64, pictures=tuple(sha_of(n) for n in numbers), findings=findings)
        )

    def review(self, author: str, numbers: Sequence[int], *, approves: bool = True) -> Dataset:
        decisions = tuple(Decision(sha256=sha_of(n), approves=approves, reason="seen") for n in numbers)
        return self.write(author, Reviewed(decisions=decisions))

    def trusted(self, *numbers: int, subject: str = "Somebody", source: str = "lobby") -> Dataset:
        self.contribute(*(facts(n, subject) for n in numbers), source=source)
        self.vet(numbers)
        self.review("rita", numbers)
        return self.review("ralf", numbers)

    def seal(self) -> str:
        entry = seal_of(self.log.read())
        self.write("cora", entry)
        return entry.version
