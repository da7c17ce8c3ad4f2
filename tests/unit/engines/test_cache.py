import errno
import hashlib
import os
from pathlib import Path

import pytest

from engines import cache
from engines.cache import ModelStore, default_root, read_proven
from engines.catalog import find_spec
from engines.errors import EngineError, IntegrityError

DATA = b"model"
HASH = hashlib.sha256(DATA).hexdigest()


def test_written_file_is_read_back(tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "models")
    path = store.onnx_path(find_spec("sface-2021dec"))
    store.write(path, DATA)
    assert store.read(path, HASH) == DATA
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("data", [b"", b"mode", b"modem", b"model\0"])
def test_altered_or_truncated_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(IntegrityError) as caught:
        read_proven(path, HASH)
    assert "delete" in caught.value.hint


def test_missing_file_says_fetch(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        ModelStore(tmp_path).read(tmp_path / "none", HASH)
    assert "fetch" in caught.value.hint


def test_folder_in_place_of_a_file_is_an_engine_error(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="cannot be read"):
        read_proven(tmp_path, HASH)


def test_interrupted_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ModelStore(tmp_path)
    path = tmp_path / "sources" / "file"
    store.write(path, b"old")

    def crash(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(KeyboardInterrupt):
        store.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in path.parent.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("code", "words"), [(errno.ENOSPC, "full"), (errno.EROFS, "cannot be written"), (errno.EIO, "cannot be used")]
)
def test_disk_faults_are_engine_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    def fail(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(EngineError, match=words) as caught:
        ModelStore(tmp_path).write(tmp_path / "file", DATA)
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_root_below_a_file_is_an_engine_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = ModelStore(tmp_path / "file" / "models")
    with pytest.raises(EngineError), store.workspace():
        pass
    with pytest.raises(EngineError):
        store.write(store.root / "sources" / "x", DATA)


def test_workspace_is_gone_afterwards(tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "models")
    with store.workspace() as folder:
        (folder / "part").write_bytes(DATA)
    assert list(store.root.iterdir()) == []


def test_default_root_prefers_the_system_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_SYSTEM_ROOT", tmp_path)
    assert default_root() == tmp_path


def test_default_root_is_the_users_cache_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_SYSTEM_ROOT", tmp_path / "none")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert ModelStore().root == tmp_path / "edge-gate" / "models"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # the XDG specification says to ignore it
    assert default_root() == Path.home() / ".cache" / "edge-gate" / "models"
