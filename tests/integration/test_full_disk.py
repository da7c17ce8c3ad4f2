"""A file system that is really full: nobody gets in unrecorded, nothing is lost, and room lets the gate go on."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def test_a_full_disk_denies_and_room_lets_it_go_on(tmp_path: Path) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("unshare is missing: apt-get install util-linux")
    script = 'mount -t tmpfs -o size=1200k tmpfs "$1" || exit 77; exec "$2" -m tests.support.cramped_gate "$1"'
    ran = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", script, "sh", str(tmp_path), sys.executable],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
    )
    if ran.returncode == 77 or "unshare" in ran.stderr:
        pytest.skip("this machine lets no user mount a small file system")
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert "room" in told["full"]
    assert 0 < told["granted"] == told["opened_before"], "while it was full, nothing opened"
    assert told["opened"] == told["recorded"]
    assert len(told["opened"]) == told["granted"] + 3
    assert told["is_whole"]
    assert told["waiting"] == told["rows"]
    assert "21 attempts ended without a record" in told["anomalies"][0]
