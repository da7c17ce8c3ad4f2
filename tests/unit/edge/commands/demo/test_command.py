"""What the command refuses before it starts anything, and how it ends."""

import signal
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from edge.commands.demo import command
from edge.commands.demo.facts import Facts
from edge.commands.demo.out_folder import OutFolderError
from edge.commands.demo.result import SceneResult
from edge.commands.interruptible import interruptible
from edge.domain.errors import EdgeError


def test_a_folder_that_cannot_be_written_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "_perform", lambda *_: pytest.fail("played"))
    (tmp_path / "file").touch()
    with pytest.raises(OutFolderError):
        command.demo(out=tmp_path / "file")
    assert "environment = development" in capsys.readouterr().out


def test_a_missing_adversarial_picture_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_perform", lambda *_: pytest.fail("played"))
    monkeypatch.setattr(command, "ADVERSARIAL_PICTURE", tmp_path / "none.png")
    with pytest.raises(EdgeError, match=r"none\.png is missing") as caught:
        command.demo(out=tmp_path)
    assert caught.value.hint


def test_it_writes_both_files_and_ends_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good_results: tuple[SceneResult, ...], facts: Facts
) -> None:
    monkeypatch.setattr(command, "_perform", lambda *_: (good_results, facts))
    command.demo(out=tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"report.html", "contact-sheet.png"}


def test_it_ends_with_1_when_a_scene_went_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good_results: tuple[SceneResult, ...], facts: Facts
) -> None:
    first, *others = good_results
    failed = replace(first, received=())
    monkeypatch.setattr(command, "_perform", lambda *_: ((failed, *others), facts))
    with pytest.raises(typer.Exit) as caught:
        command.demo(out=tmp_path)
    assert caught.value.exit_code == 1
    assert (tmp_path / "report.html").is_file()


def test_sigterm_unwinds_like_an_interrupt_and_only_meanwhile() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), interruptible():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before
