"""``evaluate templates``, ``calibrate report`` and ``calibrate repeat``: bad input is told before the work."""

from pathlib import Path

import pytest

from edge.commands.app import run_command_line
from tests.support.site_profile import site_profile


@pytest.fixture(autouse=True)
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def loaded(*_: object, **__: object) -> None:
        raise AssertionError("models were loaded")

    for command in ("templates", "report", "repeat"):
        monkeypatch.setattr(f"calibration.commands.{command}.load_models", loaded)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "stray.txt").write_text("no folder", "utf-8")
    (tmp_path / "ada.txt").write_text("Ada\n", "utf-8")
    (tmp_path / "folder.html").mkdir()
    site_profile(tmp_path / "profile")
    return tmp_path


def _refused(place: Path, capsys: pytest.CaptureFixture[str], code: int, line: str) -> str:
    arguments = [str(place / word[1:]) if word.startswith("@") else word for word in line.split()]
    assert run_command_line(arguments) == code
    said = capsys.readouterr()
    assert not said.out
    assert "Traceback" not in said.err
    return said.err


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("evaluate templates --images @nowhere --subjects @ada.txt", "is not a folder"),
        ("evaluate templates --images @images --subjects @gone.txt", "cannot be read"),
        ("evaluate templates --images @images --subjects @ada.txt", "none of the 1 names listed"),
        ("calibrate report @profile --images @images --out @page.pdf", "is no name of a page"),
        ("calibrate report @profile --images @images --out @folder.html", "is no name of a page"),
        ("calibrate report @profile --images @images --out @nowhere/page.html", "is not a folder"),
        ("calibrate report @profile --images @nowhere --out @page.html", "is not a folder"),
        ("calibrate report @profile --images @images --out @page.html", "no identity of split B"),
        ("calibrate repeat --images @nowhere", "is not a folder"),
        ("calibrate repeat --images @images", "no identity of split A"),
    ],
)
def test_bad_input_is_told(line: str, words: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("scipy")
    said = _refused(place, capsys, 2, line)
    assert words in said
    assert "hint:" in said


def test_a_folder_without_a_profile_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("scipy")
    said = _refused(place, capsys, 3, "calibrate report @images --images @images --out @page.html")
    assert "hint:" in said


@pytest.mark.parametrize(
    "line",
    [
        "evaluate templates --images x --subjects y --split c",
        "calibrate report --images x --out y.html --defended -1",
        "calibrate repeat --images x --halves 0",
        "calibrate repeat --images x --cameras 9",
    ],
)
def test_options_out_of_range_are_refused(line: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert line.split()[-2] in _refused(place, capsys, 2, line)
