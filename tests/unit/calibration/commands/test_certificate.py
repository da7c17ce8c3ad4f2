"""``edge-gate evaluate certificate`` and ``calibrate masks``: bad input is told before the work, with what to do."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from calibration.certificate.candidates import single_masks
from calibration.certificate.fit import fitted_certificates
from calibration.certificate.survey import Surveyor
from calibration.pictures.pairs import in_split_a
from edge.commands.app import run_command_line
from engines.progress import Silent
from tests.support.occluded_people import FakeOccluder, FakeReader, people

pytest.importorskip("scipy")

NAMES = [f"P{i:03d}" for i in range(20)]
OURS = [name for name in NAMES if not in_split_a(name)]


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def loaded(*_: object, **__: object) -> None:
        raise AssertionError("models were loaded")

    for command in ("certificate", "masks"):
        monkeypatch.setattr(f"calibration.commands.{command}.load_models", loaded)


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures and models made of numbers."""

    @contextmanager
    def loaded(*_: object, **__: object) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace()

    surveyor = Surveyor(FakeReader(), FakeOccluder(), Silent())
    every = fitted_certificates(people([8] * 60), surveyor, "m")
    profile = SimpleNamespace(name="made-up", detector_threshold=0.5, certificates=every)
    for command in ("certificate", "masks"):
        module = f"calibration.commands.{command}"
        monkeypatch.setattr(f"{module}.load_models", loaded)
        monkeypatch.setattr(f"{module}.read_profile", lambda *_, **__: profile)
        monkeypatch.setattr(f"{module}.Surveyor", SimpleNamespace(of=lambda *_, **__: surveyor))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """People of one picture each, lists of them, and files that are no lists."""
    _put(tmp_path / "images", dict.fromkeys(NAMES, 1))
    (tmp_path / "people.txt").write_text("\n".join(OURS), "utf-8")
    (tmp_path / "nobody.txt").write_text("Nobody\n", "utf-8")
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.jsonl").write_text("{}\n", "utf-8")
    (tmp_path / "clips.tsv").write_text("person\tclip\nA\tgone.mkv\n", "utf-8")
    return tmp_path


def _put(images: Path, counts: dict[str, int]) -> None:
    for name, count in counts.items():
        (images / name).mkdir(parents=True)
        for number in range(1, count + 1):
            (images / name / f"{name}_{number:04d}.jpg").write_bytes(b"not looked at")


def _refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert run_command_line([*arguments, "--json"]) == 2
    said = capsys.readouterr()
    assert "Traceback" not in said.err + said.out
    assert not said.out
    return said.err


@pytest.mark.parametrize(
    ("images", "subjects", "more", "words"),
    [
        ("gone", "people.txt", (), "is not a folder"),
        ("images", "gone.txt", (), "cannot be read"),
        ("images", "nobody.txt", (), "none of the 1 names listed"),
        ("images", "people.txt", ("--reached", "gone.jsonl"), "cannot be read"),
        ("images", "people.txt", ("--reached", "bad.jsonl"), "bad.jsonl:1 is no reached alignment"),
        ("images", "people.txt", ("--videos", "empty"), "clips need their folder and who is on them"),
        ("images", "people.txt", ("--people", "clips.tsv"), "clips need their folder and who is on them"),
        ("images", "people.txt", ("--videos", "empty", "--people", "clips.tsv"), "gone.mkv is not there"),
    ],
)
@pytest.mark.usefixtures("no_work")
def test_bad_input_is_told_before_the_work(
    images: str,
    subjects: str,
    more: tuple[str, ...],
    words: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = [part if part.startswith("--") else str(folder / part) for part in more]
    arguments = ["--images", str(folder / images), "--subjects", str(folder / subjects), *files]
    said = _refused(["evaluate", "certificate", *arguments], capsys)
    assert words in said
    assert "hint:" in said


@pytest.mark.parametrize("images", ["gone", "empty"])
@pytest.mark.usefixtures("no_work")
def test_the_search_needs_people_of_split_a(images: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "hint:" in _refused(["calibrate", "masks", "--images", str(folder / images)], capsys)


@pytest.mark.parametrize("option", [("--jitter-people", "0"), ("--most-reached", "0"), ("--split", "a")])
@pytest.mark.usefixtures("no_work")
def test_options_out_of_range_are_refused(option: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert option[0] in _refused(["evaluate", "certificate", "--images", "x", "--subjects", "y", *option], capsys)


@pytest.mark.usefixtures("made_up")
def test_too_few_people_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ["--images", str(folder / "images")]
    assert run_command_line(["evaluate", "certificate", *files, "--subjects", str(folder / "people.txt")]) == 2
    said = capsys.readouterr().err
    assert "people can be enrolled: each needs 6 pictures" in said
    assert "hint: list people with more pictures" in said
    said = _refused(["calibrate", "masks", *files], capsys)
    assert "hint: give a folder with more people" in said


@pytest.mark.usefixtures("made_up")
def test_a_profile_without_certificates_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = SimpleNamespace(name="bare", detector_threshold=0.5, certificates=())
    monkeypatch.setattr("calibration.commands.certificate.read_profile", lambda *_, **__: bare)
    files = ["--images", str(folder / "images"), "--subjects", str(folder / "people.txt")]
    assert run_command_line(["evaluate", "certificate", *files]) == 3
    assert "holds no certificate" in capsys.readouterr().err


@pytest.mark.usefixtures("made_up")
def test_rows_are_records_and_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = tmp_path / "images"
    _put(images, dict.fromkeys((f"P{i:03d}" for i in range(60)), 8))
    (tmp_path / "people.txt").write_text("\n".join(OURS), "utf-8")
    files = ["--images", str(images), "--subjects", str(tmp_path / "people.txt"), "--jitter-people", "5"]
    assert run_command_line(["evaluate", "certificate", *files, "--json"]) == 0
    records: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    covered = [record for record in records if "shape" in record]
    assert records[: len(covered)] == covered
    assert {"certificates", "shape", "masks", "share"} == set(covered[0])
    row = records[len(covered)]
    assert (row["certificate"], row["class"], row["alignment"], row["aim"]) == ("tiered", "cheap", "fixed", 1e-3)
    assert (row["source"], row["genuine"]) == ("pictures", 3 * len(OURS))
    assert {r["alignment"] for r in records if "class" in r} == {"fixed", "jitter", "realigned"}
    assert run_command_line(["evaluate", "certificate", *files]) == 0
    text = capsys.readouterr().out
    assert "covered by the masks of tiered, union-1e-2, union-1e-3" in text
    assert "tiered          cheap   fixed      1        1       0.001" in text


@pytest.mark.usefixtures("made_up")
def test_the_search_tells_of_masks_and_then_of_families(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calibration.commands.masks.single_masks", lambda: islice(single_masks(), 3))
    _put(tmp_path, dict.fromkeys((f"P{i:03d}" for i in range(120)), 6))
    files = ["--images", str(tmp_path), "--pictures", "250"]
    assert run_command_line(["calibrate", "masks", *files, "--json"]) == 0
    records: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    singles = [record for record in records if "mask" in record]
    assert records[: len(singles)] == singles
    assert {"x", "y", "w", "h", "fill", "tar_at_fmr_1e-3", "tar_at_fmr_1e-4", "impostors", "genuine"} < set(
        singles[0]
    )
    assert [(record["masks"], record["aim"]) for record in records[len(singles) :]] == [
        (masks, aim) for masks in (5, 3, 9, 14) for aim in (1e-2, 1e-3)
    ]
    assert len(records[-1]["squares"]) == 5
    assert run_command_line(["calibrate", "masks", *files]) == 0
    text = capsys.readouterr().out
    assert "band-24-at-0-fill-0 " in text
    assert "worn, halves and windows " in text
