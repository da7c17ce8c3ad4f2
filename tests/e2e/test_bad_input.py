"""Bad input at the command line: a message, a hint and an exit code; never a traceback."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.trust.development_key import DEVELOPMENT_PUBLIC_KEY, development_signer
from edge.trust.keys import KeyRing
from edge.trust.profile_writing import sign_profile
from tests.support.altered_state import alter
from tests.support.gate_command import ENROLLED, STRANGER, Ran, edge_gate
from tests.support.site_profile import site_profile

pytestmark = [pytest.mark.models, pytest.mark.xdist_group("e2e")]


def explained(ran: Ran, code: int) -> None:
    assert ran.code == code, (ran.code, ran.out, ran.err)
    assert "Traceback" not in ran.err + ran.out
    if code != 2:
        assert "error: " in ran.err
        assert "hint: " in ran.err


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("/dev/video-that-is-not-there", 5),
        ("nothing/here.mp4", 5),
        ("gopher://x", 2),
        ("", 2),
        ("synthetic:/nowhere.png", 5),
    ],
)
def test_sources_that_are_not_there(state: Path, source: str, code: int) -> None:
    explained(edge_gate("watch", source, "--state", state, "--pace", "realtime"), code)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff\xe0 not a picture"])
def test_pictures_that_are_none(state: Path, tmp_path: Path, content: bytes) -> None:
    picture = tmp_path / "x.png"
    picture.write_bytes(content)
    explained(edge_gate("watch", picture, "--state", state), 1)


def test_a_truncated_video(state: Path, tmp_path: Path) -> None:
    video = tmp_path / "x.mp4"
    video.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(300))
    explained(edge_gate("watch", video, "--state", state), 5)


def test_unknown_settings(state: Path, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text("[policy]\nframes_needed = 99\n")
    explained(edge_gate("watch", ENROLLED, "--state", state, "--config", config), 3)
    explained(edge_gate("watch", ENROLLED, "--state", state, env={"EDGE__POLICY__TYPO": "1"}), 3)


def test_unknown_options_are_usage() -> None:
    assert edge_gate("watch", "x", "--no-such-option").code == 2
    assert edge_gate("no-such-command").code == 2


def test_a_state_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    explained(edge_gate("watch", ENROLLED, "--state", tmp_path / "file" / "state"), 5)


def test_a_database_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "gate.sqlite3").write_bytes(b"rubbish" * 100)
    KeyRing.open(tmp_path, is_new=True)
    explained(edge_gate("people", "list", "--state", tmp_path), 5)


def test_a_state_without_its_keys(state: Path, tmp_path: Path) -> None:
    mine = tmp_path / "state"
    shutil.copytree(state, mine)
    (mine / "gallery.key").unlink()
    explained(edge_gate("people", "list", "--state", mine), 4)


@pytest.mark.parametrize(
    ("table", "column", "codes"),
    [
        *(("person", column, (4, 4)) for column in ("subject", "wrapped_key", "label", "consent_note", "created")),
        *(("template", column, (0, 4)) for column in ("model_id", "recipe_digest", "precision_class", "vector")),
        ("gallery_key", "check_value", (4, 4)),
        ("chain", "head_seq", (4, 4)),
    ],
)
def test_an_altered_database(state: Path, tmp_path: Path, table: str, column: str, codes: tuple[int, int]) -> None:
    of_people, of_watch = codes
    mine = tmp_path / "state"
    shutil.copytree(state, mine)
    alter(
        mine,
        table,
        column,
        b"x" * 40 if column in {"vector", "wrapped_key", "label", "consent_note"} else "2026-13-45",
    )
    for arguments, code in (
        (("people", "list"), of_people),
        (("people", "show", "Eileen"), of_people),
        (("watch", ENROLLED), of_watch),
    ):
        ran = edge_gate(*arguments, "--state", mine)
        assert ran.code == code, (arguments, ran.out, ran.err)
        assert "Traceback" not in ran.err + ran.out
        assert code == 0 or "hint: " in ran.err
    checked = edge_gate("check", "--state", mine, "--json", env={"EDGE__ENVIRONMENT": "development"})
    assert checked.code == 4
    lines = {r["check"]: r for r in checked.records}
    assert not (lines["state"]["ok"] and lines["people"]["ok"])


def test_an_altered_profile(state: Path, tmp_path: Path) -> None:
    from edge.daemon.assembly import DEFAULT_PROFILE

    folder = tmp_path / "profile"
    shutil.copytree(DEFAULT_PROFILE, folder)
    file = folder / "profile.toml"
    file.write_text(file.read_text().replace("threshold = 0.8", "threshold = 0.1"))
    env = {"EDGE__POLICY__PROFILE": str(folder)}
    explained(edge_gate("watch", ENROLLED, "--state", state, env=env), 4)
    explained(edge_gate("calibrate", "show", folder), 4)


def test_production_refuses_the_development_key(state: Path) -> None:
    env = {"EDGE__CAMERA__SOURCE": f"synthetic:{ENROLLED}", "EDGE__ENVIRONMENT": "production"}
    listed = {"EDGE__TRUST__PROFILE_KEYS": DEVELOPMENT_PUBLIC_KEY.hex()}
    for more in ({}, listed):
        ran = edge_gate("run", "--state", state, env=env | more)
        explained(ran, 4)
        assert "which everybody has" in ran.err


@pytest.mark.parametrize("environment", ["production", "development"])
def test_an_unsigned_profile_runs_nowhere(state: Path, tmp_path: Path, environment: str) -> None:
    folder = site_profile(tmp_path / "profile")
    env = {
        "EDGE__CAMERA__SOURCE": f"synthetic:{ENROLLED}",
        "EDGE__ENVIRONMENT": environment,
        "EDGE__POLICY__PROFILE": str(folder),
    }
    ran = edge_gate("run", "--state", state, env=env)
    explained(ran, 4)
    assert "not signed" in ran.err


def test_a_gallery_larger_than_the_profile_is_for(state: Path, tmp_path: Path) -> None:
    folder = site_profile(tmp_path / "profile", most_people=1)
    sign_profile(folder, development_signer())
    mine = tmp_path / "state"
    shutil.copytree(state, mine)
    env = {"EDGE__POLICY__PROFILE": str(folder), "EDGE__ENVIRONMENT": "development"}
    refused = edge_gate("people", "enroll", "Bob", STRANGER, "--state", mine, env=env)
    explained(refused, 3)
    assert "larger gallery" in refused.err
    larger = {"EDGE__ENVIRONMENT": "development"}
    assert edge_gate("people", "enroll", "Bob", STRANGER, "--state", mine, env=larger).code == 0
    ran = edge_gate("run", "--state", mine, env=env | {"EDGE__CAMERA__SOURCE": f"synthetic:{ENROLLED}"})
    explained(ran, 3)
    assert "2 people are more than the 1" in ran.err
    watched = edge_gate("watch", ENROLLED, "--state", mine, "--json", env=env)
    assert watched.records[0]["reason"] == "gallery_outgrown"


def test_a_daemon_without_a_camera(state: Path) -> None:
    explained(edge_gate("run", "--state", state, env={"EDGE__ENVIRONMENT": "development"}), 3)


def test_a_recording_never_opens_a_door_in_production(state: Path) -> None:
    env = {
        "EDGE__CAMERA__SOURCE": f"synthetic:{ENROLLED}",
        "EDGE__DOOR__KIND": "mqtt-only",
        "EDGE__ENVIRONMENT": "production",
    }
    explained(edge_gate("run", "--state", state, env=env), 3)


def test_a_still_picture_never_opens_a_door_even_in_development(state: Path) -> None:
    env = {
        "EDGE__CAMERA__SOURCE": str(ENROLLED),
        "EDGE__DOOR__KIND": "mqtt-only",
        "EDGE__ENVIRONMENT": "development",
    }
    explained(edge_gate("run", "--state", state, env=env), 3)


def test_models_of_a_store_that_is_damaged(state: Path, tmp_path: Path) -> None:
    from engines.cache import default_root

    store = tmp_path / "models"
    shutil.copytree(default_root(), store)
    weights = next((store / "onnx").glob("sface*.onnx"))
    weights.write_bytes(weights.read_bytes()[:-100])
    explained(edge_gate("watch", ENROLLED, "--state", state, env={"EDGE__ENGINE__MODELS_DIR": str(store)}), 4)


def test_twenty_faces_are_looked_at_one_by_one(state: Path, tmp_path: Path) -> None:
    portrait = cv2.imread(str(ENROLLED))
    assert portrait is not None
    small = cv2.resize(portrait[:300], (180, 180))
    row = np.hstack([small] * 5)
    cv2.imwrite(str(tmp_path / "crowd.png"), np.vstack([row] * 4))
    ran = edge_gate("watch", tmp_path / "crowd.png", "--state", state, "--json", "--frames")
    assert ran.code == 0, ran.err
    assert ran.records[0]["faces"] >= 15
