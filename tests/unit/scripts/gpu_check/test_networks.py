"""The models through what a machine has: judged as a compiled engine is, and never called TensorRT."""

from pathlib import Path

import pytest

from engines.build import build, load_engine
from engines.cache import ModelStore
from engines.catalog import find_spec, load_catalog
from engines.runtime.base import Precision
from scripts.gpu_check import networks
from scripts.gpu_check.networks import measure_engine, measure_networks

SPEC = find_spec("yunet-2023mar")


def test_a_model_that_is_not_there_was_not_measured(tmp_path: Path) -> None:
    found = measure_networks(ModelStore(tmp_path), rounds=1)
    assert len(found) == len(load_catalog())
    assert all(f.value == "not measured" and f.is_met is None and f.detail for f in found)


def test_a_machine_that_lacks_what_makes_the_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_onnx(*_: object) -> None:
        raise ImportError("No module named 'onnx'")

    monkeypatch.setattr(networks, "build", without_onnx)
    assert {f.detail for f in measure_networks(ModelStore(tmp_path), rounds=1)} == {"No module named 'onnx'"}


@pytest.mark.models
def test_onnxruntime_is_judged_and_named() -> None:
    pytest.importorskip("onnxruntime")
    store = ModelStore()
    with load_engine(SPEC, store, runtime="onnxruntime", precision=Precision.FP16, threads=1) as engine:
        found = measure_engine(engine, SPEC, rounds=2)
    assert [f.is_met for f in found] == [True] * (len(found) - 1) + [None]
    assert all("onnxruntime" in f.detail and "on CPU; not TensorRT" in f.detail for f in found)


@pytest.mark.models
def test_torch_computes_the_very_file() -> None:
    pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")
    from scripts.gpu_check.torch_engine import TorchEngine, has_device

    assert has_device() in {True, False}
    path = build(SPEC, ModelStore(), Precision.FP16).path
    with TorchEngine(SPEC, path, batch=1, size=(160, 96), device="cpu") as engine:
        found = measure_engine(engine, SPEC, rounds=1)
    assert all(f.is_met is not False for f in found)
    assert all("torch" in f.detail for f in found)
