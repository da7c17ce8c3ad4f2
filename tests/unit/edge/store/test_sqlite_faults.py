import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from edge.store.sqlite_faults import store_error

ROOMLESS = [
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_SHMSIZE,
]
_OPEN = """
import sys
from pathlib import Path
from edge.domain.errors import StoreError
from edge.store.database import Database
try:
    Database.open(Path(sys.argv[1]) / "state" / "gate.sqlite3")
except StoreError as error:
    print(error.__cause__.sqlite_errorname, error, error.hint, sep="|")
"""


def _error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    return error


def _with_room(monkeypatch: pytest.MonkeyPatch, *, free_bytes: int = 10**9, free_files: int = 1000) -> None:
    values = [4096, 4096, 10**6, 0, free_bytes // 4096, 10**6, 0, free_files, 0, 255]
    monkeypatch.setattr("os.statvfs", lambda _: os.statvfs_result(values))


@pytest.mark.parametrize("code", ROOMLESS)
@pytest.mark.parametrize("left", [{"free_bytes": 0}, {"free_bytes": 60_000}, {"free_files": 0}])
def test_a_full_disk_is_called_full(
    code: int, left: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_room(monkeypatch, **left)
    fault = store_error(_error(code), tmp_path / "gate.sqlite3")
    assert "has no room left" in str(fault)
    assert "free space" in fault.hint


@pytest.mark.parametrize("code", [*ROOMLESS, sqlite3.SQLITE_IOERR_READ])
def test_a_broken_disk_with_room_is_not(code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _with_room(monkeypatch)
    fault = store_error(_error(code), tmp_path / "gate.sqlite3")
    assert "has no room left" not in str(fault)
    assert fault.hint


def test_a_disk_that_cannot_be_read_is_not_called_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _with_room(monkeypatch, free_bytes=0)
    assert "cannot be read" in str(store_error(_error(sqlite3.SQLITE_IOERR_READ), tmp_path / "gate.sqlite3"))


def test_a_really_full_file_system(tmp_path: Path) -> None:
    """On one of 32 KiB, SQLite itself speaks of an I/O error: the log's index does not fit."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare is missing: apt-get install util-linux")
    script = 'mount -t tmpfs -o size=32k tmpfs "$1" || exit 77; exec "$2" -c "$3" "$1"'
    ran = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", script, "sh", str(tmp_path), sys.executable, _OPEN],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])},
    )
    if ran.returncode == 77 or "unshare" in ran.stderr:
        pytest.skip("this machine lets no user mount a small file system")
    name, message, hint = ran.stdout.strip().split("|")
    assert name.startswith("SQLITE_IOERR"), "else this tests nothing"
    assert "has no room left" in message
    assert "free space" in hint
