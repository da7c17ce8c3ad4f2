"""``evaluate identify`` and ``evaluate pairs --mode full`` with the real models, on portraits and on a few people."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageEnhance

from edge.commands.app import run_command_line
from tests.support.gate_command import ENROLLED, STRANGER

pytest.importorskip("scipy")

pytestmark = [pytest.mark.models, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(300)]

DATA = Path(__file__).parents[3] / "shared" / "data" / "lfw"


@pytest.fixture
def portraits(tmp_path: Path) -> Path:
    """Two people of two pictures each; the second of each is the first, a little darker. And who is enrolled."""
    images = tmp_path / "images"
    for name, portrait in (("Ada", ENROLLED), ("Eve", STRANGER)):
        (images / name).mkdir(parents=True)
        shutil.copy(portrait, images / name / f"{name}_0001.jpg")
        ImageEnhance.Brightness(Image.open(portrait)).enhance(0.8).save(
            images / name / f"{name}_0002.jpg", quality=95
        )
    (images / "Eve" / "Eve_0003.jpg").write_bytes(b"no picture")
    (tmp_path / "subjects.txt").write_text("Ada\nNobody\n", "utf-8")
    (tmp_path / "pairs.txt").write_text("1\t1\nAda\t1\t2\nEve\t1\tAda\t2\n", "utf-8")
    return tmp_path


def evaluated(*arguments: object, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert run_command_line(["evaluate", *map(str, arguments), "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def identified(
    images: Path, subjects: Path, *more: object, capsys: pytest.CaptureFixture[str]
) -> list[dict[str, Any]]:
    return evaluated("identify", "--images", images, "--subjects", subjects, *more, capsys=capsys)


@pytest.mark.parametrize("level", ["standard", "high"])
def test_a_level_that_asks_for_a_second_step_measures_the_same_pictures(
    level: str, portraits: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE__POLICY__LEVEL", level)
    files = (portraits / "images", portraits / "subjects.txt", "--mode", "full", "--templates", 1, "--split", "all")
    rows = identified(*files, capsys=capsys)
    assert [(told["certificate"], told["granted"]) for told in rows] == [("none", 1), ("tiered", 1)]


@pytest.mark.parametrize("mode", ["bare", "fused", "full"])
def test_a_person_is_granted_and_a_stranger_is_not(
    mode: str, portraits: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = identified(
        portraits / "images",
        portraits / "subjects.txt",
        *("--mode", mode, "--templates", 1, "--split", "all"),
        capsys=capsys,
    )
    assert [told.get("certificate") for told in rows] == (["none", "tiered"] if mode == "full" else [None])
    for told in rows:
        _is_right(told, mode)


def test_the_whole_gate_is_asked_for_the_certificates_that_are_named(
    portraits: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = (portraits / "images", portraits / "subjects.txt", "--mode", "full", "--templates", 1, "--split", "all")
    named = ("--certificate", "realigned-1e-3", "--certificate", "union-1e-2, worn-1e-3")
    rows = identified(*files, *named, capsys=capsys)
    assert [told["certificate"] for told in rows] == ["none", "realigned-1e-3", "union-1e-2+worn-1e-3"]
    assert [told["granted_wrong"] for told in rows] == [0, 0, 0]
    assert len(identified(*files, "--certificate", "none", capsys=capsys)) == 1
    command = ["evaluate", "identify", "--images", str(files[0]), "--subjects", *map(str, files[1:])]
    assert run_command_line([*command, "--certificate", "nothing"]) == 3
    assert "it has tiered" in capsys.readouterr().err


def _is_right(told: dict[str, Any], mode: str) -> None:
    assert (told["mode"], told["gallery"], told["genuine_probes"], told["impostor_probes"]) == (mode, 1, 1, 3)
    assert told["not_enrolled"] == {"Nobody": "has no pictures"}
    for figures in told["models"].values() if mode == "bare" else (told,):
        assert (figures["granted"], figures["misidentified"], figures["granted_wrong"]) == (1, 0, 0)
        assert (figures["tpir"], figures["fpir"], figures["failed_to_acquire"]) == (1.0, 0.0, 1)
        assert figures["fpir_ci95"][1] == pytest.approx(0.7076, abs=1e-4)
        assert (figures["pairwise_comparisons"], figures["pairwise_fmr"]) == (2, 0.0)


def test_people_read_the_same_figures(portraits: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ("--images", str(portraits / "images"), "--subjects", str(portraits / "subjects.txt"))
    assert run_command_line(["evaluate", "identify", *files, "--templates", "1", "--split", "all"]) == 0
    said = capsys.readouterr().out
    assert "not enrolled: Nobody has no pictures" in said
    assert "strangers granted (FPIR)       0 of 3 = 0.000% [0.000%, 70.760%]" in said


def test_the_gate_decides_pairs(portraits: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ("--images", portraits / "images", "--pairs", portraits / "pairs.txt")
    (told,) = evaluated("pairs", *files, "--mode", "full", capsys=capsys)
    assert (told["pairs"], told["accuracy"], told["failed_to_enroll"]) == (2, 1.0, 0)
    assert (told["granted_genuine"], told["granted_impostor"]) == (1, 0)
    assert told["tar"] == {"0.01": None, "0.001": None}
    assert set(told["models"]) == {"sface-2021dec", "facenet-20180408"}


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="the evaluation pictures are not beside the checkout")
def test_the_whole_gate_grants_nobody_whom_both_models_refuse(capsys: pytest.CaptureFixture[str]) -> None:
    told = {
        mode: identified(DATA, DATA / "enrolment.txt", "--mode", mode, "--limit", 3, capsys=capsys)[0]
        for mode in ("fused", "full")
    }
    fused, full = told["fused"], told["full"]
    assert (fused["gallery"], fused["granted_wrong"], full["granted_wrong"]) == (3, 0, 0)
    assert 0.8 * fused["genuine_probes"] < full["granted"] <= fused["granted"]
    assert full["pairwise_comparisons"] == fused["pairwise_comparisons"] > 0
