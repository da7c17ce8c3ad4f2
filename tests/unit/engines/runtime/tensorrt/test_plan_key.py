"""A plan fits one model, shape, way to build, TensorRT and device."""

from dataclasses import replace
from pathlib import Path

import pytest

from engines.runtime.base import Precision
from engines.runtime.request import EngineRequest
from engines.runtime.tensorrt.plan_key import BuildRecipe, PlanKey, key_of, system_release
from tests.support.host_gpu import DISCRETE


@pytest.fixture
def key(wanted: EngineRequest) -> PlanKey:
    return key_of(wanted, tensorrt_version="11.4.0.106", gpu=DISCRETE)


def test_the_same_is_the_same(key: PlanKey, wanted: EngineRequest) -> None:
    assert key_of(wanted, tensorrt_version="11.4.0.106", gpu=DISCRETE).digest == key.digest
    assert len(key.digest) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"onnx_sha256": "0" * 64},
        {"input_shape": (1, 3, 4, 4)},
        {"output_names": ("z",)},
        {"precision": "fp16"},
        {"recipe": BuildRecipe(version=2)},
        {"recipe": BuildRecipe(workspace_bytes=1)},
        {"recipe": BuildRecipe(optimization_level=5)},
        {"tensorrt_version": "11.4.0.107"},
        {"system": "L4T 39.2.0"},
    ],
)
def test_whatever_changes_needs_another_plan(key: PlanKey, change: dict[str, object]) -> None:
    assert replace(key, **change).digest != key.digest  # type: ignore[arg-type] # by name


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Other"},
        {"capability": (11, 0)},
        {"multiprocessors": 16},
        {"memory_bytes": 16 * 2**30},
        {"is_integrated": True},
        {"driver_version": 13010},
        {"runtime_version": 13010},
    ],
)
def test_another_device_needs_another_plan(key: PlanKey, change: dict[str, object]) -> None:
    assert replace(key, gpu=replace(DISCRETE, **change)).digest != key.digest  # type: ignore[arg-type] # by name


def test_some_megabytes_of_memory_do_not(key: PlanKey) -> None:
    other = replace(DISCRETE, memory_bytes=DISCRETE.memory_bytes - 30 * 2**20)
    assert replace(key, gpu=other).digest == key.digest


def test_the_precision_goes_by_its_name(wanted: EngineRequest) -> None:
    made = key_of(replace(wanted, precision=Precision.FP16), tensorrt_version="11.4", gpu=DISCRETE)
    assert made.facts["precision"] == "fp16"


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("# R39 (release), REVISION: 2.0, GCID: 1, BOARD: generic, EABI: aarch64\n", "L4T 39.2.0"),
        ("# R36 (release), REVISION: 4.3, GCID: 38968081\n", "L4T 36.4.3"),
    ],
)
def test_the_release_of_a_jetson_is_read(tmp_path: Path, text: str, release: str) -> None:
    path = tmp_path / "nv_tegra_release"
    path.write_text(text)
    assert system_release(path) == release


def test_a_release_of_another_form_still_tells_one_from_the_other(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text("something new")
    second.write_text("something newer")
    assert system_release(first) != system_release(second)


def test_elsewhere_it_is_the_kind_of_processor(tmp_path: Path) -> None:
    assert system_release(tmp_path / "none")
    assert "L4T" not in system_release(tmp_path / "none")
