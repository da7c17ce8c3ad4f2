"""``edge-gate watch`` and ``people`` as processes, on the two public-domain portraits and real models."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from edge.daemon.state import open_gate_state
from edge.settings.load import load_settings
from tests.support.gate_command import ADVERSARIAL, ENROLLED, STRANGER, edge_gate, edge_gate_process

pytestmark = [pytest.mark.models, pytest.mark.xdist_group("e2e")]
ALONE = {"EDGE__ENVIRONMENT": "development"}  # one picture is enough there
VISIT = "frames=75&gap_s=0.2&enter_s=0.8&stay_s=0&seed=5"


def watched(state: Path, source: object, *options: str) -> dict[str, Any]:
    ran = edge_gate("watch", source, "--pace", "fast", "--state", state, "--json", *options)
    assert ran.code == 0, ran.err
    assert ran.records, ran.err
    return ran.records[0]


def test_the_command_as_a_process(state: Path) -> None:
    ran = edge_gate_process("watch", ENROLLED, "--state", state, "--json")
    assert (ran.code, ran.records[0]["decision"], ran.records[0]["subject"]) == (0, "granted", "Eileen"), ran.err


def test_the_enrolled_person_is_granted(state: Path) -> None:
    record = watched(state, f"synthetic:{ENROLLED}?{VISIT}")
    assert (record["decision"], record["reason"], record["subject"]) == ("granted", "match", "Eileen")
    assert record["latency_ms"] <= 2_000


def test_the_enrolled_persons_portrait_held_up_is_a_replay(state: Path) -> None:
    held = "frames=150&gap_s=0.2&enter_s=0.8&stay_s=0&seed=5&life=0&motion=1.5"
    record = watched(state, f"synthetic:{ENROLLED}?{held}", "--scores")
    assert (record["decision"], record["reason"]) == ("denied", "adversarial_input")
    replay = [f for f in record["findings"] if f["defense"] == "replay"]
    assert [f["outcome"] for f in replay] == ["fail"]


def test_a_stranger_is_denied(state: Path) -> None:
    record = watched(state, f"synthetic:{STRANGER}?{VISIT}")
    assert (record["decision"], record["reason"], record["subject"]) == ("denied", "unknown_person", None)


def test_a_picture_made_to_fool_one_model_is_a_disagreement(state: Path) -> None:
    record = watched(state, ADVERSARIAL)
    assert (record["decision"], record["reason"]) == ("denied", "model_disagreement")


@pytest.mark.parametrize(
    ("mode", "reason"), [("frozen", "frozen_feed"), ("dark", "dark_frame"), ("empty", "no_face")]
)
def test_a_feed_that_shows_nothing_usable_ends_denied(state: Path, mode: str, reason: str) -> None:
    record = watched(state, f"synthetic:{ENROLLED}?mode={mode}&frames=40")
    assert (record["decision"], record["reason"]) == ("denied", reason)


def test_a_folder_is_an_attempt_a_picture_and_bad_ones_do_not_end_it(state: Path, tmp_path: Path) -> None:
    shutil.copy(ENROLLED, tmp_path / "a.jpg")
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8\xff rubbish")
    shutil.copy(STRANGER, tmp_path / "c.jpg")
    ran = edge_gate("watch", tmp_path, "--state", state, "--json")
    found = [(r.get("source"), r["decision"], r["reason"]) for r in ran.records]
    assert found == [
        ("a.jpg", "granted", "match"),
        ("b.jpg", "denied", "fault_camera"),
        ("c.jpg", "denied", "unknown_person"),
    ]


def test_an_empty_gallery_denies_by_name(tmp_path: Path) -> None:
    record = watched(tmp_path / "new", ENROLLED)
    assert (record["decision"], record["reason"]) == ("denied", "empty_gallery")


def test_frames_and_scores_are_shown_on_demand(state: Path) -> None:
    ran = edge_gate("watch", ENROLLED, "--state", state, "--json", "--frames", "--scores")
    assert ran.records[0]["reason"] == "verified"
    assert set(ran.records[0]["models"]) == {"sface-2021dec", "facenet-20180408"}
    without = edge_gate("watch", ENROLLED, "--state", state, "--json", "--frames")
    assert "fused" not in without.records[0]


class TestPeople:
    def test_pictures_are_refused_with_reasons(self, tmp_path: Path) -> None:
        person = cv2.imread(str(ENROLLED))
        assert person is not None
        cv2.imwrite(str(tmp_path / "several.png"), np.hstack([person, person]))
        cv2.imwrite(str(tmp_path / "blurred.png"), cv2.GaussianBlur(person, (0, 0), 9))
        cv2.imwrite(str(tmp_path / "small.png"), cv2.resize(person, None, fx=0.18, fy=0.18))
        cv2.imwrite(str(tmp_path / "nobody.png"), np.full((300, 300, 3), 128, np.uint8))
        (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        state = tmp_path / "state"
        ran = edge_gate("people", "enroll", "X", *sorted(tmp_path.glob("*.png")), "--state", state, "--json")
        assert ran.code == 1, ran.err
        reasons = {Path(r["source"].split(":")[0]).name: r["reason"] for r in ran.records[0]["refused"]}
        assert reasons == {
            "broken.png": "unreadable",
            "blurred.png": "blurred",
            "nobody.png": "no_face",
            "several.png": "several_faces",
            "small.png": "too_small",
        }
        assert edge_gate("people", "list", "--state", state, "--json").records == ()

    def test_an_unreadable_picture_says_what_it_is(self, tmp_path: Path) -> None:
        Image.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
        Image.new("1", (9_000, 9_000)).save(tmp_path / "large.png")
        (tmp_path / "empty.jpg").touch()
        state = tmp_path / "state"
        ran = edge_gate("people", "enroll", "X", tmp_path, ENROLLED, "--state", state, "--json", env=ALONE)
        assert ran.code == 0, ran.err
        assert [r["reason"] for r in ran.records[0]["refused"]] == ["unreadable"] * 3
        assert {r["source"]: r["detail"] for r in ran.records[0]["refused"]} == {
            "bomb.png": "bomb.png is too large (its header is that of a decompression bomb)",
            "empty.jpg": "empty.jpg is empty (0 bytes)",
            "large.png": "large.png is too large (9000 x 9000 pixels)",
        }
        shown = edge_gate("people", "enroll", "Y", tmp_path, "--state", state)
        assert shown.code == 1
        assert "refused bomb.png: unreadable (bomb.png is too large" in shown.out

    def test_a_file_name_that_does_not_show_is_escaped(self, tmp_path: Path) -> None:
        evil = tmp_path / os.fsdecode(b"\x1b[2J caf\xe9.jpg")
        evil.write_bytes(b"\xff\xd8\xff rubbish")
        state = tmp_path / "state"
        for arguments in (("people", "enroll", "X", tmp_path), ("watch", tmp_path), ("watch", evil)):
            for option in ((), ("--json",)):
                ran = edge_gate(*arguments, "--state", state, *option)
                assert ran.code in {0, 1}, ran.err
                assert "\x1b" not in ran.out + ran.err
                (ran.out + ran.err).encode()

    def test_another_persons_face_is_a_duplicate(self, state: Path, tmp_path: Path) -> None:
        mine = tmp_path / "state"
        shutil.copytree(state, mine)
        ran = edge_gate("people", "enroll", "Impostor", ENROLLED, "--state", mine, "--json")
        assert ran.code == 1
        assert ran.records[0]["refused"][0]["reason"] == "duplicate_of_another_person"

    def test_a_picture_of_somebody_else_among_mine_is_refused(self, tmp_path: Path) -> None:
        bright = tmp_path / "bright.png"
        picture = cv2.imread(str(ENROLLED))
        assert picture is not None
        cv2.imwrite(str(bright), cv2.convertScaleAbs(picture, alpha=1.1))
        state = tmp_path / "state"
        ran = edge_gate("people", "enroll", "E", ENROLLED, bright, STRANGER, "--state", state, "--json", env=ALONE)
        assert ran.records[0]["templates"] == 2
        assert [r["reason"] for r in ran.records[0]["refused"]] == ["not_like_the_others"]

    def test_a_single_picture_is_not_enrolled_in_production_but_by_an_operators_word(self, tmp_path: Path) -> None:
        state = tmp_path / "state"
        ran = edge_gate("people", "enroll", "E", ENROLLED, "--state", state, "--json")
        assert ran.code == 1
        assert ran.records[0]["templates"] == 0
        assert "3 pictures are needed" in ran.err
        assert "--accept-held" in ran.err
        assert edge_gate("people", "list", "--state", state, "--json").records == ()
        for reason in ("", "two\nlines", "x" * 101):
            assert edge_gate("people", "enroll", "E", ENROLLED, "--state", state, "--accept-held", reason).code == 2
        word = ("--accept-held", "one visit")
        ran = edge_gate("people", "enroll", "E", ENROLLED, "--state", state, "--json", *word)
        assert ran.code == 0, ran.err
        assert ran.records[0]["accepted"] is True
        with open_gate_state(load_settings(None, state_dir=state))[0] as opened:
            bodies = [json.loads(record.body) for record in opened.ledger.records()]
        (told,) = [body["data"] for body in bodies if body["kind"] == "gallery"]
        assert told["act"] == "enrolled"
        assert told["detail"] == "0 of 1 pictures were held (too few) and accepted: one visit"

    def test_noise_worked_into_one_picture_is_held_with_its_reason(self, tmp_path: Path) -> None:
        person = cv2.imread(str(ENROLLED))
        assert person is not None
        pictures = tmp_path / "pictures"
        pictures.mkdir()
        for number, gain in enumerate((1.0, 1.08, 0.92)):
            cv2.imwrite(str(pictures / f"{number}.png"), cv2.convertScaleAbs(person, alpha=gain))
        noise = np.random.default_rng(0).normal(0, 30, person.shape)
        cv2.imwrite(str(pictures / "noise.png"), np.clip(person + noise, 0, 255).astype(np.uint8))
        state = tmp_path / "state"
        ran = edge_gate("people", "enroll", "E", pictures, "--state", state, "--json")
        assert ran.code == 0, ran.err
        assert ran.records[0]["templates"] == 3
        assert [held["source"] for held in ran.records[0]["held"]] == ["noise.png"]
        shown = edge_gate("people", "enroll", "F", pictures / "noise.png", "--state", tmp_path / "other")
        assert shown.code == 1
        assert "held noise.png: smoothing moves it" in shown.out

    def test_list_show_and_erase(self, state: Path, tmp_path: Path) -> None:
        mine = tmp_path / "state"
        shutil.copytree(state, mine)
        assert [r["subject"] for r in edge_gate("people", "list", "--state", mine, "--json").records] == ["Eileen"]
        assert edge_gate("people", "show", "Eileen", "--state", mine, "--json").records[0]["subject"] == "Eileen"
        assert edge_gate("people", "erase", "Eileen", "--state", mine, "--json").code == 0
        assert edge_gate("people", "show", "Eileen", "--state", mine).code == 2
        assert watched(mine, ENROLLED)["reason"] == "empty_gallery"

    def test_a_name_in_use_is_refused_and_nothing_is_lost(self, state: Path, tmp_path: Path) -> None:
        mine = tmp_path / "state"
        shutil.copytree(state, mine)
        assert edge_gate("people", "enroll", "Eileen", STRANGER, "--state", mine, env=ALONE).code == 2
        assert len(edge_gate("people", "list", "--state", mine, "--json").records) == 1
