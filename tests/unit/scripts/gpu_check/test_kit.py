"""The kit: what is packed is unpacked byte by byte, and what cannot be brought along is refused."""

from pathlib import Path

import pytest

from engines.build import build
from engines.cache import ModelStore
from engines.catalog import find_spec
from engines.errors import EngineError
from engines.runtime.base import Precision
from scripts.gpu_check import kit as packing
from scripts.gpu_check.kit import empty, gather_models, main, require_portable, size_mib, unpacked

SPEC = find_spec("yunet-2023mar")


@pytest.mark.models
def test_models_travel_as_their_file_or_as_what_it_is_made_of(tmp_path: Path) -> None:
    store = ModelStore()
    gather_models(store, ModelStore(tmp_path / "kit" / "models"), built=[SPEC.id], sources=[SPEC.id])
    there = unpacked(tmp_path / "kit", tmp_path / "there")
    assert list(there.root.rglob("*.xz")) == []
    assert build(SPEC, there, Precision.FP16).path.read_bytes() == store.onnx_path(SPEC, Precision.FP16).read_bytes()
    there.read(there.source_path(SPEC), SPEC.source.member_sha256)


def test_a_kit_that_is_not_there_or_is_damaged_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no whole kit") as caught:
        unpacked(tmp_path / "absent", tmp_path / "there")
    assert "gpu-kit" in caught.value.hint
    (tmp_path / "kit" / "models").mkdir(parents=True)
    (tmp_path / "kit" / "models" / "x.onnx.xz").write_bytes(b"no archive")
    with pytest.raises(EngineError, match="no whole kit"):
        unpacked(tmp_path / "kit", tmp_path / "there")


def test_what_is_in_no_kit_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "kit" / "models").mkdir(parents=True)
    (tmp_path / "kit" / "models" / "old").write_bytes(b"1")
    empty(tmp_path / "kit")
    assert list((tmp_path / "kit").iterdir()) == []
    (tmp_path / "kit" / "thesis").write_bytes(b"1" * 2**19)
    assert size_mib(tmp_path / "kit") == 0.5
    with pytest.raises(EngineError, match="'thesis'"):
        empty(tmp_path / "kit")
    empty(tmp_path / "new")
    assert (tmp_path / "new").is_dir()


def test_too_much_is_refused() -> None:
    require_portable(63.9)
    with pytest.raises(EngineError, match=r"64\.1 MiB are more"):
        require_portable(64.1)


def test_without_weights_the_command_says_what_to_fetch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    models = ModelStore(tmp_path / "models")
    monkeypatch.setattr(packing, "ModelStore", lambda root=None: models if root is None else ModelStore(root))
    assert main(["--out", str(tmp_path / "kit")]) == 1
    assert "engines fetch" in capsys.readouterr().err
