"""``training vet`` with the real models: wrong labels and doubles of two public-domain portraits are found."""

import json
from pathlib import Path

import cv2
import pytest

from edge.capture.picture import read_picture
from edge.commands.app import run_command_line
from edge.trust.file_writing import create_private_file
from redteam.portraits import portrait_pictures
from tests.support.datasets import TrialDataset, seed_of
from training.manifest.standing import Status

pytestmark = [pytest.mark.models, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a dataset of two people, seven pictures each; one carries the other's name, one shows nobody."""
    root = tmp_path_factory.mktemp("vetting")
    drawn = portrait_pictures(root / "frames")
    people = {"ann": list(drawn.people["victim"])[:8], "ben": list(drawn.strangers)[:8]}
    for name, paths in people.items():
        (root / "pictures" / name).mkdir(parents=True)
        for path in paths[:7]:
            (root / "pictures" / name / path.name).write_bytes(path.read_bytes())
    (root / "pictures" / "ann" / "wrong.png").write_bytes(people["ben"][7].read_bytes())
    empty = read_picture(people["ann"][0])
    empty[:] = 90
    assert cv2.imwrite(str(root / "pictures" / "ann" / "nobody.png"), empty)
    return root


def test_what_is_wrong_is_held_back_and_the_rest_is_vetted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trial = TrialDataset(folder / "data").founded()

    def run(*words: str, by: str) -> list[dict[str, object]]:
        create_private_file(folder / f"{by}.key", seed_of(by))
        given = ("--dataset", str(trial.folder), "--key", str(folder / f"{by}.key"), "--json")
        assert run_command_line(["training", *words, *given]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    facts = ("--source", "portraits", "--license", "public domain", "--consent", "none needed")
    assert run("contribute", str(folder / "pictures"), *facts, by="carl")[-1]["contributed"] == 16
    told = run("vet", by="cora")
    stands = trial.log.read()
    found = {p.facts.original: {f.screen for f in p.findings} for p in stands.standing(Status.QUARANTINED)}
    assert found["nobody.png"] == {"unfit"}
    assert {"own-sface-2021dec", "other-sface-2021dec"} <= found["wrong.png"]
    assert told[-1]["pictures"] == 16
    assert told[-1]["quarantined"] == len(found)
    assert sum(stands.counts()[status] for status in (Status.VETTED, Status.QUARANTINED)) == 16
    again = run("vet", by="cora")
    assert again[-1]["quarantined"] == len(found)
