"""``evaluate certificate`` with the real models: a few people of the evaluation pictures, fitted and counted."""

import json
from pathlib import Path
from typing import Any

import pytest

from calibration.pictures.identities import pictures_of
from calibration.pictures.pairs import in_split_a
from edge.commands.app import run_command_line

pytest.importorskip("scipy")

DATA = Path(__file__).parents[3] / "shared" / "data" / "lfw"

pytestmark = [
    pytest.mark.models,
    pytest.mark.data,
    pytest.mark.xdist_group("e2e"),
    pytest.mark.timeout(300),
    pytest.mark.skipif(not DATA.is_dir(), reason="the evaluation pictures are not beside the checkout"),
]


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Fourteen people of split A and four others, seven pictures each, and the list of the others."""
    images = tmp_path / "images"
    everybody = {name: own for name, own in pictures_of(DATA).items() if len(own) >= 7}
    ours = [name for name in everybody if in_split_a(name)][:14]
    others = [name for name in everybody if not in_split_a(name)][:4]
    for name in [*ours, *others]:
        (images / name).mkdir(parents=True)
        for picture in everybody[name][:7]:
            (images / name / picture.name).symlink_to(picture)
    (tmp_path / "subjects.txt").write_text("\n".join(others), "utf-8")
    return tmp_path


def test_a_second_run_says_the_same_from_what_was_kept(few: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ["--images", str(few / "images"), "--subjects", str(few / "subjects.txt")]
    arguments = ["evaluate", "certificate", *files, "--jitter-people", "2", "--cache", str(few / "cache"), "--json"]
    assert run_command_line(arguments) == 0
    first = capsys.readouterr().out
    assert run_command_line(arguments) == 0
    assert capsys.readouterr().out == first
    rows: list[dict[str, Any]] = [json.loads(line) for line in first.splitlines()]
    table = {
        (row["certificate"], row["alignment"]): row
        for row in rows
        if "class" in row and (row["gallery"], row["frames"]) == (1, "1")
    }
    assert table["union-1e-2", "fixed"]["genuine"] == 4 * 2
    assert table["union-1e-2", "fixed"]["impostors"] == 4 * 3 * 7
    assert table["union-1e-2", "fixed"]["tar"] >= 0.5
    assert table["union-1e-2", "fixed"]["bound"] <= 0.2
    assert ("realigned-1e-3", "realigned") in table
