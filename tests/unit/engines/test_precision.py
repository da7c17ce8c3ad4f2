"""Choosing the arithmetic: what is asked for, or what was measured to be fastest on this machine."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines import precision
from engines.cache import ModelStore
from engines.catalog import find_spec
from engines.errors import RuntimeMissingError
from engines.precision import choose_precision
from engines.runtime.base import Engine, FloatArray, Precision


class SlowEngine(Engine):
    """Takes as long as it is told."""

    runtime = "fake"

    def __init__(self, wanted: Precision, seconds: float, clock: list[float]) -> None:
        super().__init__(model_id="m", precision=wanted, input_shape=(1, 3, 2, 2))
        self._cost, self._clock = seconds, clock

    def _activate(self) -> None: ...

    def _infer(self, batch: FloatArray) -> Mapping[str, FloatArray]:
        self._clock[0] += self._cost
        return {"y": np.zeros(1, np.float32)}

    def _deactivate(self) -> None: ...


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    store = ModelStore(tmp_path / "models")
    source = store.source_path(find_spec("sface-2021dec"))
    source.parent.mkdir(parents=True)
    source.touch()
    return store


def machine(monkeypatch: pytest.MonkeyPatch, *, fp32_s: float, bf16_s: float) -> list[Precision]:
    clock, loaded = [0.0], []

    def load(*_: Any, precision: Precision, **__: Any) -> Engine:
        loaded.append(precision)
        return SlowEngine(precision, fp32_s if precision is Precision.FP32 else bf16_s, clock)

    monkeypatch.setattr(precision, "load_engine", load)
    monkeypatch.setattr("engines.precision.time.perf_counter", lambda: clock[0])
    monkeypatch.setattr(precision, "available_precisions", lambda _: (Precision.FP32, Precision.BF16))
    return loaded


def choose(store: ModelStore, wanted: str = "auto") -> Precision:
    return choose_precision(store, runtime="openvino", wanted=wanted, threads=2)


@pytest.mark.parametrize(("bf16_s", "fastest"), [(0.5, Precision.BF16), (2.0, Precision.FP32)])
def test_the_faster_one_is_chosen_and_remembered(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch, bf16_s: float, fastest: Precision
) -> None:
    loaded = machine(monkeypatch, fp32_s=1.0, bf16_s=bf16_s)
    assert choose(store) is fastest
    assert len(loaded) == 2
    assert choose(store) is fastest
    assert len(loaded) == 2


def test_a_damaged_memory_is_measured_again(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = machine(monkeypatch, fp32_s=1.0, bf16_s=0.5)
    choose(store)
    for answer in store.compiled_dir("openvino").glob("precision-*.json"):
        answer.write_text(json.dumps({"precision": "fp7"}))
    assert choose(store) is Precision.BF16
    assert len(loaded) == 4


def test_what_is_asked_for_is_taken(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, fp32_s=1.0, bf16_s=0.1)
    assert choose(store, "fp32") is Precision.FP32


def test_what_the_machine_lacks_is_refused(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "available_precisions", lambda _: (Precision.FP32,))
    assert choose(store) is Precision.FP32
    with pytest.raises(RuntimeMissingError) as caught:
        choose(store, "bf16")
    assert caught.value.hint


def test_before_the_weights_are_fetched_there_is_nothing_to_measure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, fp32_s=1.0, bf16_s=0.1)
    assert choose(ModelStore(tmp_path)) is Precision.FP32


def test_a_model_that_is_built_can_be_measured_without_its_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, spec = ModelStore(tmp_path), find_spec("sface-2021dec")
    store.onnx_path(spec).parent.mkdir(parents=True)
    store.onnx_path(spec).touch()
    store.manifest_path(spec).touch()
    machine(monkeypatch, fp32_s=1.0, bf16_s=0.1)
    assert choose(store) is Precision.BF16


def test_tensorrt_runs_fp16_unless_told_otherwise(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "available_precisions", lambda _: (Precision.FP32, Precision.FP16))
    for wanted, chosen in (("auto", Precision.FP16), ("fp32", Precision.FP32), ("fp16", Precision.FP16)):
        assert choose_precision(store, runtime="tensorrt", wanted=wanted, threads=1) is chosen
    with pytest.raises(RuntimeMissingError, match="bf16"):
        choose_precision(store, runtime="tensorrt", wanted="bf16", threads=1)
