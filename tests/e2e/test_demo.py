"""The demo as a process: the real gate, the real broker, from start to end, and interrupted in the middle."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

pytestmark = [pytest.mark.models, pytest.mark.timeout(600)]

MUST = {
    "enrolled_person": ("granted", {"match"}),
    "stranger": ("denied", {"unknown_person"}),
    "adversarial_picture": ("denied", {"model_disagreement", "adversarial_input"}),
    "held_up_portrait": ("denied", {"adversarial_input"}),
    "frozen_feed": ("denied", {"frozen_feed"}),
    "dark_frame": ("denied", {"dark_frame"}),
    "broker_away": ("granted", {"match"}),
}


def start(folder: Path) -> subprocess.Popen[str]:
    """The demo, with temporary files and the user's state below ``folder``."""
    (folder / "tmp").mkdir()
    ours = {"TMPDIR": str(folder / "tmp"), "XDG_STATE_HOME": str(folder / "state")}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EDGE__")} | ours
    return subprocess.Popen(
        [sys.executable, "-m", "edge.commands.app", "demo", "--json", "--out", str(folder / "out")],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def is_clean(folder: Path) -> bool:
    """Whether nothing is left: no temporary file, no state of the user's, no process that names the folder."""
    mentions = [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(folder) in _command_line(path)]
    return not list((folder / "tmp").iterdir()) and not (folder / "state").exists() and not mentions


def _command_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # it just ended


def test_every_scene_ends_as_it_must_and_arrives_over_mqtt(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        out, err = process.communicate()
    assert process.returncode == 0, err
    scenes = {line["scene"]: line for line in map(json.loads, out.splitlines())}
    assert list(scenes) == list(MUST)
    for name, (decision, reasons) in MUST.items():
        assert scenes[name]["decision"] == decision
        assert scenes[name]["reason"] in reasons
        assert scenes[name]["received_over_mqtt"] is True
        assert scenes[name]["as_expected"] is True
    assert scenes["adversarial_picture"]["bare_facenet"]["accepts"] is True
    away = scenes["broker_away"]
    assert away["received"] == away["recorded"] == sorted(away["recorded"])
    assert len(away["recorded"]) == 3
    assert "environment = development" in err.splitlines()[1]
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    with Image.open(tmp_path / "out" / "contact-sheet.png") as sheet:
        sheet.verify()
    assert is_clean(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    with start(tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline()  # the first scene is over, the second is playing
        process.send_signal(number)
        _, err = process.communicate()
    assert process.returncode in {1, 130}
    assert "Traceback" not in err
    assert is_clean(tmp_path)
