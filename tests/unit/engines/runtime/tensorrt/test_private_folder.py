"""Nobody else may have written what is as good as code."""

import os
from pathlib import Path

import pytest

from engines.errors import EngineError, IntegrityError
from engines.runtime.tensorrt.private_folder import make_private, read_private, require_private


def test_a_new_folder_is_its_owners_alone(tmp_path: Path) -> None:
    make_private(tmp_path / "plans")
    assert (tmp_path / "plans").stat().st_mode & 0o777 == 0o700
    require_private(tmp_path / "plans")


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_folder_that_others_write_to_is_refused(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "plans"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(IntegrityError, match="others may write") as caught:
        make_private(folder)
    assert "chmod" in caught.value.hint


def test_a_link_is_no_folder_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "plans").symlink_to(tmp_path / "real")
    with pytest.raises(IntegrityError):
        require_private(tmp_path / "plans")


def test_a_folder_above_that_anybody_writes_to_is_refused(tmp_path: Path) -> None:
    make_private(tmp_path / "open" / "plans")
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(IntegrityError, match="anybody may exchange"):
        require_private(tmp_path / "open" / "plans")
    (tmp_path / "open").chmod(0o1777)
    require_private(tmp_path / "open" / "plans")


def test_another_users_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "plans"
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(folder, 12345, 12345)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(IntegrityError, match="another user"):
        require_private(folder)


def test_a_missing_folder_and_one_that_cannot_be_made_are_engine_errors(tmp_path: Path) -> None:
    with pytest.raises(EngineError):
        require_private(tmp_path / "none")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EngineError, match="cannot be made"):
        make_private(tmp_path / "file" / "plans")


def test_a_file_is_read_if_it_is_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "plan"
    path.write_bytes(b"plan")
    path.chmod(0o600)
    assert read_private(path, 4) == b"plan"
    with pytest.raises(IntegrityError):
        read_private(path, 3)
    path.chmod(0o666)
    with pytest.raises(IntegrityError, match="others may write"):
        read_private(path, 4)


@pytest.mark.timeout(10)
def test_a_pipe_or_a_link_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(IntegrityError):
        read_private(tmp_path / "pipe", 10)
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    with pytest.raises(OSError, match="link"):
        read_private(tmp_path / "link", 10)
