"""Only the plan that was built for this very key, unharmed, in a private folder, is given."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from engines.errors import EngineError, IntegrityError, NotCompiledError
from engines.runtime.request import EngineRequest
from engines.runtime.tensorrt.plan_key import PlanKey, key_of
from engines.runtime.tensorrt.plan_store import PlanStore
from tests.support.host_gpu import DISCRETE

PLAN = b"a plan"


@pytest.fixture
def key(wanted: EngineRequest) -> PlanKey:
    return key_of(wanted, tensorrt_version="11.4.0.106", gpu=DISCRETE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "plans"


@pytest.fixture
def store(folder: Path, key: PlanKey) -> PlanStore:
    made = PlanStore(folder)
    keep(made, key)
    return made


def keep(store: PlanStore, key: PlanKey, plan: bytes = PLAN) -> None:
    with store.building(key) as part:
        part.write_bytes(plan)
        part.chmod(0o600)
        store.keep(key, part, build_s=1.25)


def files(folder: Path, suffix: str) -> list[Path]:
    return sorted(folder.glob(f"*.{suffix}"))


def test_what_was_kept_is_given(store: PlanStore, key: PlanKey, folder: Path) -> None:
    assert store.read(key) == PLAN
    (manifest,) = files(folder, "json")
    told = json.loads(manifest.read_bytes())
    assert told["key"] == key.facts
    assert told["build_s"] == 1.2
    assert not list(folder.glob(".part*"))
    assert folder.stat().st_mode & 0o777 == 0o700


def test_none_was_built(folder: Path, key: PlanKey) -> None:
    with pytest.raises(NotCompiledError, match="no plan") as caught:
        PlanStore(folder).read(key)
    assert "engines build" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"tensorrt_version": "10.13.3.9"}, "tensorrt_version"),
        ({"gpu": replace(DISCRETE, name="Other", multiprocessors=3)}, "gpu"),
        ({"onnx_sha256": "0" * 64}, "onnx_sha256"),
        ({"system": "L4T 39.2.0"}, "system"),
    ],
)
def test_a_plan_of_another_machine_or_model_is_not_taken_and_the_difference_is_told(
    store: PlanStore, key: PlanKey, change: dict[str, object], named: str
) -> None:
    with pytest.raises(NotCompiledError, match=f"another {named}"):
        store.read(replace(key, **change))  # type: ignore[arg-type] # by name
    assert store.read(key) == PLAN


def test_a_plan_of_another_machine_under_this_name_is_refused(store: PlanStore, key: PlanKey, folder: Path) -> None:
    other = replace(key, tensorrt_version="10.13.3.9")
    for path in (*files(folder, "plan"), *files(folder, "json")):
        path.rename(path.with_name(path.name.replace(key.digest, other.digest)))
    with pytest.raises(IntegrityError, match="altered"):
        store.read(other)
    assert not files(folder, "plan")


@pytest.mark.parametrize("content", [b"", b"a plaN", b"a plan and more"])
def test_a_harmed_plan_is_refused_and_deleted(store: PlanStore, key: PlanKey, folder: Path, content: bytes) -> None:
    files(folder, "plan")[0].write_bytes(content)
    with pytest.raises(IntegrityError, match="not the one that was built"):
        store.read(key)
    assert not files(folder, "plan")
    with pytest.raises(NotCompiledError):
        store.read(key)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 60_000,
        b'{"format": 1, "key": {}}',
        b"null",
    ],
)
def test_an_edited_manifest_is_refused_and_deleted(
    store: PlanStore, key: PlanKey, folder: Path, content: bytes
) -> None:
    files(folder, "json")[0].write_bytes(content)
    with pytest.raises(IntegrityError):
        store.read(key)
    assert not files(folder, "plan")


def test_a_manifest_with_another_hash_is_refused(store: PlanStore, key: PlanKey, folder: Path) -> None:
    (path,) = files(folder, "json")
    told = json.loads(path.read_bytes())
    for wrong in ("0" * 64, 5, None, "x" * 64):
        keep(store, key)
        path.write_text(json.dumps({**told, "plan_sha256": wrong}))
        with pytest.raises(IntegrityError):
            store.read(key)


def test_a_plan_without_its_manifest_was_never_finished(store: PlanStore, key: PlanKey, folder: Path) -> None:
    files(folder, "json")[0].unlink()
    with pytest.raises(NotCompiledError):
        store.read(key)


def test_a_manifest_without_its_plan_is_none(store: PlanStore, key: PlanKey, folder: Path) -> None:
    files(folder, "plan")[0].unlink()
    with pytest.raises(NotCompiledError):
        store.read(key)


@pytest.mark.parametrize("suffix", ["plan", "json"])
def test_a_file_that_others_may_write_is_refused(store: PlanStore, key: PlanKey, folder: Path, suffix: str) -> None:
    files(folder, suffix)[0].chmod(0o666)
    with pytest.raises(IntegrityError, match="others may write"):
        store.read(key)


def test_a_folder_that_others_may_write_is_refused(store: PlanStore, key: PlanKey, folder: Path) -> None:
    folder.chmod(0o777)
    with pytest.raises(IntegrityError):
        store.read(key)
    with pytest.raises(IntegrityError), store.building(key):
        pass


def test_what_was_not_kept_is_gone(folder: Path, key: PlanKey) -> None:
    store = PlanStore(folder)

    def build() -> None:
        with store.building(key) as part:
            part.write_bytes(b"half a pl")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build()
    assert not list(folder.glob(".part*"))
    (folder / f".part-{key.digest}").write_bytes(b"of a builder that was killed")
    with store.building(key) as part:
        assert not part.exists()


def test_a_plan_that_vanished_cannot_be_kept(folder: Path, key: PlanKey) -> None:
    store = PlanStore(folder)
    with store.building(key) as part, pytest.raises(EngineError, match="cannot be kept"):
        store.keep(key, part, build_s=1.0)
    with pytest.raises(NotCompiledError):
        store.read(key)


def test_builders_take_turns(folder: Path, key: PlanKey) -> None:
    store, order = PlanStore(folder), []
    is_in = threading.Event()

    def second() -> None:
        is_in.wait()
        with store.building(key):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with store.building(key):
        is_in.set()
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_timings_belong_to_a_version_and_a_device(store: PlanStore, key: PlanKey) -> None:
    assert store.timing_path(key).name == "11.4.0.106-87.timing"
    odd = replace(key, tensorrt_version="../../11")
    assert store.timing_path(odd).parent == store.timing_path(key).parent
