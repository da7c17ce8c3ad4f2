"""``edge-gate training``, from founding a dataset to recalling a source, as people type it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edge.commands.app import run_command_line
from edge.domain.clock import SystemClock
from edge.trust.file_writing import create_private_file
from edge.trust.keys import read_key
from edge.trust.signing import Signer
from tests.support.datasets import PEOPLE, TrialDataset, seed_of
from training.manifest.entries import Decision, Entry, Reviewed, Used, Vetted
from training.manifest.log import ManifestLog


class Desk:
    """Types commands in somebody's name."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.dataset = folder / "data"
        self.errors = ""
        self._capsys = capsys

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def run(self, *words: str, by: str = "", code: int = 0) -> list[dict[str, Any]]:
        key = ("--key", str(self.key(by))) if by else ()
        dataset = () if words[0] == "key" else ("--dataset", str(self.dataset))
        assert run_command_line(["training", *words, *dataset, *key, "--json"]) == code
        told = self._capsys.readouterr()
        self.errors = told.err
        return [json.loads(line) for line in told.out.splitlines()]

    def pictures(self, folder: str, **people: int) -> Path:
        root = self.folder / folder
        for number, (person, count) in enumerate(people.items()):
            (root / person).mkdir(parents=True, exist_ok=True)
            for i in range(count):
                pixels = np.random.default_rng([number, i, len(folder)]).integers(0, 256, (40, 40, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(root / person / f"{i}.png")
        return root

    def contribute(
        self, folder: Path, *, source: str = "lobby", code: int = 0, by: str = "carl"
    ) -> list[dict[str, Any]]:
        facts = ("--source", source, "--license", "internal", "--consent", "form 7")
        return self.run("contribute", str(folder), *facts, by=by, code=code)

    def append(self, name: str, entry: Entry) -> None:
        signer = Signer(read_key(self.key(name)))
        ManifestLog(self.dataset).append(entry, signer=signer, clock=SystemClock())

    def trust_all(self) -> None:
        """Let the screens and two reviewers find nothing."""
        shas = tuple(ManifestLog(self.dataset).read().pictures)
        decisions = Reviewed(decisions=tuple(Decision(sha256=sha, approves=True, reason="seen") for sha in shas))
        self.append("cora", Vetted(recipe="0" * 64, pictures=shas))
        self.append("rita", decisions)
        self.append("ralf", decisions)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    made = Desk(tmp_path, capsys)
    for name in PEOPLE:
        create_private_file(made.key(name), seed_of(name))
    TrialDataset(made.dataset).founded()
    return made


def test_a_dataset_is_founded_and_people_appointed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk(tmp_path, capsys)
    keys = {name: desk.run("key", str(desk.key(name)))[0]["public_key"] for name in ("ada", "carl")}
    desk.run("init", "trial", "--as", "ada", by="ada")
    desk.run("appoint", "carl", "--public-key", keys["carl"], "--role", "contributor", by="ada")
    desk.run("appoint", "carl", "--public-key", "nonsense", by="ada", code=2)
    assert {row["name"]: row["roles"] for row in desk.run("members")} == {
        "ada": ["administrator"],
        "carl": ["contributor"],
    }
    assert desk.run("verify", "--administrator", keys["ada"])[0]["ok"] is True


def test_a_key_is_made_once(desk: Desk) -> None:
    assert desk.run("key", str(desk.key("ada"))) == desk.run("key", str(desk.key("ada")))
    assert desk.key("ada").stat().st_mode & 0o777 == 0o600


def test_members_are_listed_with_their_roles(desk: Desk) -> None:
    listed = {row["name"]: row["roles"] for row in desk.run("members")}
    assert listed == {name: [role.value] for name, role in PEOPLE.items()}


def test_from_pictures_to_a_version_and_its_recall(desk: Desk) -> None:
    assert desk.contribute(desk.pictures("first", Ann=2, Ben=1))[-1]["contributed"] == 3
    assert desk.run("status")[-1]["new"] == 3
    desk.trust_all()
    version = desk.run("seal", by="cora")[0]
    assert version["pictures"] == 3
    assert {row["subject"] for row in desk.run("pictures", version["version"][:8])} == {"Ann", "Ben"}
    desk.append("theo", Used(what="model", identity="m-1", version=version["version"]))
    assert desk.run("trace", "--source", "lobby")[0]["uses"][0]["identity"] == "m-1"
    assert desk.run("recall", "--source", "lobby", "--reason", "taken over", by="cora")[0]["pictures"] == 3
    assert desk.run("versions")[0]["no_longer_trusted"] == 3
    assert desk.run("status")[-1]["recalled"] == 3
    desk.run("seal", by="cora", code=2)


def test_what_cannot_be_taken_is_told_and_the_rest_is_taken(desk: Desk) -> None:
    folder = desk.pictures("mixed", Ann=2)
    (folder / "Ann" / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    (folder / "Ann" / "again.png").write_bytes((folder / "Ann" / "0.png").read_bytes())
    (folder / "Ann" / "linked.png").symlink_to(folder / "Ann" / "0.png")
    rows = desk.contribute(folder)
    assert [row["refused"] for row in rows[:-1]] == ["Ann/again.png", "Ann/broken.jpg"] or [
        row["refused"] for row in rows[:-1]
    ] == ["Ann/0.png", "Ann/broken.jpg"]
    assert rows[-1] == {"contributed": 2, "refused_files": 2, "source": "lobby"}
    assert desk.contribute(folder, code=1)[-1]["contributed"] == 0


def test_nothing_is_copied_for_whom_may_not_contribute(desk: Desk) -> None:
    desk.contribute(desk.pictures("first", Ann=1), by="rita", code=4)
    assert "rita may not contribute" in desk.errors
    assert not (desk.dataset / "objects").exists()


def test_a_picture_is_relabeled_and_removed_with_its_file(desk: Desk) -> None:
    desk.contribute(desk.pictures("first", Ann=1))
    sha = desk.run("status", "--only", "new")[0]["sha256"]
    desk.run("relabel", sha[:8], "Ben", "--reason", "wrong name", by="cora")
    assert desk.run("status", "--only", "new")[0]["subject"] == "Ben"
    assert desk.run("verify", "--files")[0]["files"] == 1
    desk.run("remove", sha[:8], "--reason", "asked to", by="cora")
    assert not (desk.dataset / "objects" / sha[:2] / sha).exists()
    assert desk.run("verify", "--files")[0]["files"] == 0
    desk.run("relabel", "zz", "Ben", "--reason", "x", by="cora", code=2)


def test_a_changed_picture_and_a_cut_log_are_found(desk: Desk) -> None:
    desk.contribute(desk.pictures("first", Ann=1))
    head = desk.run("verify")[0]["head"]
    assert desk.run("verify", "--head", head)[0]["ok"] is True
    sha = desk.run("status", "--only", "new")[0]["sha256"]
    place = desk.dataset / "objects" / sha[:2] / sha
    place.write_bytes(b"x" + place.read_bytes()[1:])
    desk.run("verify", "--files", code=4)
    assert "was changed" in desk.errors
    log = desk.dataset / "log.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    desk.run("verify", code=0)
    desk.run("verify", "--head", head, code=4)
    assert "cut off" in desk.errors


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("verify", "--head", "nonsense"), 2),
        (("verify", "--administrator", "xyz"), 2),
        (("verify", "--administrator", "ab" * 32), 4),
        (("trace",), 2),
        (("trace", "--picture", "abc"), 2),
        (("pictures", "abc"), 2),
    ],
)
def test_bad_words_end_with_a_hint(desk: Desk, words: tuple[str, ...], code: int) -> None:
    desk.run(*words, code=code)
    assert "hint:" in desk.errors


def test_a_folder_that_is_no_dataset(desk: Desk) -> None:
    desk.dataset = desk.folder / "nowhere"
    desk.run("status", code=5)
    assert "training init" in desk.errors
