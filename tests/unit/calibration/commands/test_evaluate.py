"""``edge-gate evaluate``: what it lacks is said before the work, not after minutes of it."""

import sys
from pathlib import Path

import pytest

from calibration.statistics.intervals import clopper_pearson, require_exact_intervals
from edge.commands.app import run_command_line
from edge.domain.errors import ConfigError


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def loaded(*_: object, **__: object) -> None:
        raise AssertionError("models were loaded")

    monkeypatch.setattr("calibration.commands.evaluate.load_models", loaded)
    monkeypatch.setattr("calibration.commands.identify.load_models", loaded)


@pytest.fixture
def no_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "scipy"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "scipy", None)


@pytest.mark.parametrize(
    "arguments",
    [
        ("pairs", "--images", "x", "--pairs", "y"),
        ("faces", "--images", "x", "--counts", "y"),
        ("identify", "--images", "x", "--subjects", "y"),
    ],
)
@pytest.mark.usefixtures("no_work", "no_scipy")
def test_scipy_is_asked_for_before_the_work(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["evaluate", *arguments]) == 3
    said = capsys.readouterr()
    assert "scipy" in said.err
    assert "hint: install the extra: pip install 'edge-gate[calibration]'" in said.err
    assert not said.out


@pytest.mark.usefixtures("no_scipy")
def test_an_interval_without_scipy_is_refused() -> None:
    with pytest.raises(ConfigError):
        clopper_pearson(1, 2)


def test_with_scipy_nothing_is_said() -> None:
    pytest.importorskip("scipy")
    require_exact_intervals()


def test_state_is_taken_where_there_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE__ENVIRONMENT", "development")
    assert run_command_line(["calibrate", "show", "--state", str(tmp_path / "none"), "--json"]) == 0
    assert capsys.readouterr().out.startswith('{"digest"')
    assert not (tmp_path / "none").exists()


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A folder with one person of two pictures, and lists beside it."""
    person = tmp_path / "images" / "Ada"
    person.mkdir(parents=True)
    for number in (1, 2):
        (person / f"Ada_{number:04d}.jpg").write_bytes(b"not looked at")
    (tmp_path / "ada.txt").write_text("Ada\n", "utf-8")
    (tmp_path / "strangers.txt").write_text("Nobody\nNo One\n", "utf-8")
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "binary.txt").write_bytes(bytes(range(256)))
    (tmp_path / "images" / "stray.txt").write_text("Ada\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("folder", "subjects", "words"),
    [
        ("nowhere", "ada.txt", "is not a folder"),
        ("ada.txt", "ada.txt", "is not a folder"),
        ("images", "gone.txt", "cannot be read"),
        ("images", "images", "cannot be read"),
        ("images", "binary.txt", "cannot be read"),
        ("images", "empty.txt", "names nobody"),
        ("images", "strangers.txt", "none of the 2 names listed has pictures"),
    ],
)
@pytest.mark.usefixtures("no_work")
def test_bad_input_of_identify_is_told_before_the_work(
    folder: str, subjects: str, words: str, images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("scipy")
    arguments = ("--images", str(images / folder), "--subjects", str(images / subjects), "--split", "all", "--json")
    assert run_command_line(["evaluate", "identify", *arguments]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert "hint:" in said.err
    assert not said.out


@pytest.mark.parametrize("option", [("--mode", "half"), ("--templates", "0"), ("--split", "c"), ("--limit", "0")])
@pytest.mark.usefixtures("no_work")
def test_options_out_of_range_are_refused(option: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["evaluate", "identify", "--images", "x", "--subjects", "y", *option]) == 2
    assert option[0] in capsys.readouterr().err


@pytest.mark.models
def test_nobody_with_enough_pictures_is_told_by_name(images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("scipy")
    files = ("--images", str(images / "images"), "--subjects", str(images / "ada.txt"), "--split", "all")
    assert run_command_line(["evaluate", "identify", *files, "--templates", "2"]) == 2
    said = capsys.readouterr().err
    assert "Ada, for one, has too few pictures: 2; 2 to enroll and 1 to ask with are needed" in said
    assert "--templates" in said
