import subprocess
import sys
from pathlib import Path

import pytest

from edge.domain.errors import StoreError
from edge.store.state_lock import sole_daemon

_HOLDER = """
import sys
from pathlib import Path
from edge.store.state_lock import sole_daemon
with sole_daemon(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def _holder(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_second_daemon_is_refused_until_the_first_is_gone_even_by_kill_9(folder: Path) -> None:
    process = _holder(folder)
    try:
        with pytest.raises(StoreError, match="another 'edge-gate run' holds") as caught, sole_daemon(folder):
            pass
        assert caught.value.exit_code == 5
        assert "--state" in caught.value.hint
    finally:
        _end(process)
    with sole_daemon(folder):
        pass


def test_the_lock_ends_with_its_block_and_leaves_nothing(folder: Path) -> None:
    for _ in range(2):
        with sole_daemon(folder):
            pass
    assert list(folder.iterdir()) == []


def test_a_state_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError) as caught, sole_daemon(tmp_path / "file"):
        pass
    assert caught.value.hint
