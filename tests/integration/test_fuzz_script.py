"""``scripts/fuzz.py`` as CI runs it: processes of their own, a table, exit codes, finds that can be played again."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def fuzz(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "fuzz.py"), *arguments]
    env = {"PYTHONPATH": str(ROOT), "PATH": ""}
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=100)


def test_targets_run_in_processes_of_their_own_and_leave_nothing(tmp_path: Path) -> None:
    ended = fuzz(
        "reports", "answers", "--seconds", "0.3", "--seed", "5", "--jobs", "2", "--out", str(tmp_path / "out")
    )
    assert ended.returncode == 0, ended.stderr
    rows = {line.split()[0]: line.split() for line in ended.stdout.splitlines()[2:]}
    assert rows.keys() == {"reports", "answers"}
    assert all(int(row[1]) > 10 and row[-1] == "0" for row in rows.values())
    assert list((tmp_path / "out").iterdir()) == []


def test_an_unknown_target_is_a_usage_error() -> None:
    assert fuzz("doors").returncode == 2


def test_an_input_is_played_again(tmp_path: Path) -> None:
    file = tmp_path / "input"
    file.write_bytes(b"[" * 100_000)
    ended = fuzz("reports", "--replay", str(file))
    assert (ended.returncode, ended.stdout) == (0, "reports: LinkError: this is not a request\n")
