"""The real models: conversion, parity, golden data and acceptance. Weights are fetched where they are not yet."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import onnx
import pytest

from engines.build import build, load_engine
from engines.cache import ModelStore
from engines.catalog import find_spec, load_catalog
from engines.errors import AcceptanceError
from engines.golden import embedder_pictures, expected
from engines.latency import measure_latency
from engines.parity import FACENET_BAR, measure_parity
from engines.runtime.base import Precision
from engines.runtime.registry import available_precisions
from engines.serve import proven_engine
from engines.verify import verify

pytestmark = pytest.mark.models
IDS = tuple(load_catalog())


@pytest.mark.parametrize("model", IDS)
def test_conversion_gives_the_pinned_bytes(models: ModelStore, tmp_path: Path, model: str) -> None:
    spec = find_spec(model)
    other = ModelStore(tmp_path)
    other.write(other.source_path(spec), models.source_path(spec).read_bytes())
    built = build(spec, other)
    network = onnx.load(built.path)
    assert [(o.domain, o.version) for o in network.opset_import] == [("", 17)]
    assert [value.name for value in network.graph.input] == [spec.input_name]
    assert [value.name for value in network.graph.output] == list(spec.output_names)
    assert {node.op_type for node in network.graph.node}.isdisjoint({"BatchNormalization", "DequantizeLinear"})


def test_facenet_is_what_opencv_reads(models: ModelStore) -> None:
    parity = measure_parity(find_spec("facenet-20180408"), models, embedder_pictures(160)[:4])
    assert parity.pictures == 4
    assert parity.max_difference < FACENET_BAR


@pytest.mark.parametrize("model", ["sface-2021dec", "yunet-2023mar"])
def test_unfolded_models_are_what_opencv_reads(models: ModelStore, model: str) -> None:
    assert measure_parity(find_spec(model), models).max_difference < 1e-4


@pytest.fixture(scope="module")
def make_golden() -> ModuleType:
    path = Path(__file__).parents[3] / "scripts" / "make_golden.py"
    loaded = importlib.util.spec_from_file_location("make_golden", path)
    assert loaded is not None
    assert loaded.loader is not None
    module = importlib.util.module_from_spec(loaded)
    loaded.loader.exec_module(module)
    return module


def test_golden_outputs_have_not_drifted(models: ModelStore, make_golden: ModuleType) -> None:
    for spec in load_catalog().values():
        for size in spec.sizes[:4]:
            stored, found = expected(spec, size), make_golden.model_outputs(spec, size, models)
            assert stored.shape == found.shape
            np.testing.assert_allclose(found, stored, atol=2e-3 if spec.dimension == 0 else 2e-5, rtol=1e-4)


@pytest.mark.parametrize("model", IDS)
@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_every_model_is_served_at_fp32(models: ModelStore, runtime: str, model: str) -> None:
    spec = find_spec(model)
    engine = proven_engine(
        spec,
        models,
        runtime=runtime,
        precision=Precision.FP32,
        batch=8 if spec.dimension else 1,
        threads=2,
    )
    with engine:
        latency = measure_latency(engine, runs=3, warm_up=1)
    assert 0 < latency.least_ms <= latency.p50_ms <= latency.p95_ms


@pytest.mark.parametrize("model", ["facenet-20180408", "sface-2021dec"])
@pytest.mark.parametrize("precision", [Precision.BF16, Precision.FP16])
def test_lower_precision_is_close_where_the_processor_has_it(
    models: ModelStore, model: str, precision: Precision
) -> None:
    if precision not in available_precisions("openvino"):
        pytest.skip(f"this processor has no {precision}")
    with load_engine(find_spec(model), models, runtime="openvino", precision=precision, batch=8, threads=2) as engine:
        checks = {check.name: check for check in verify(engine).checks}
    assert checks["cosine to the golden outputs"].is_passed
    assert checks["spread: cosine of different pictures"].is_passed


def test_detector_in_bf16_is_not_served(models: ModelStore) -> None:
    """Measured: its scores move by 0.06 and large boxes by more than a pixel."""
    if Precision.BF16 not in available_precisions("openvino"):
        pytest.skip("this processor has no bf16")
    with pytest.raises(AcceptanceError, match="difference"):
        proven_engine(find_spec("yunet-2023mar"), models, runtime="openvino", precision=Precision.BF16, threads=2)


@pytest.mark.parametrize("model", ["facenet-20180408", "sface-2021dec"])
def test_fp16_files_are_served(models: ModelStore, model: str) -> None:
    spec = find_spec(model)
    with proven_engine(spec, models, runtime="onnxruntime", precision=Precision.FP16, batch=8, threads=2):
        pass


def test_int8_pairs_are_computed_as_written(models: ModelStore) -> None:
    """Measured: 0.998 where pairs are left alone, 0.965 where onnxruntime rewrites them."""
    spec = find_spec("facenet-20180408")
    with load_engine(spec, models, runtime="onnxruntime", precision=Precision.INT8, batch=8, threads=2) as engine:
        checks = {check.name: check.value for check in verify(engine).checks}
    assert checks["cosine to the golden outputs"] > 0.99


def test_int8_sface_is_not_served(models: ModelStore) -> None:
    """Measured: a synthetic golden picture moves to 0.917, below the bar."""
    with pytest.raises(AcceptanceError, match="cosine"):
        proven_engine(
            find_spec("sface-2021dec"), models, runtime="onnxruntime", precision=Precision.INT8, batch=8, threads=2
        )


def test_fp16_detector_keeps_the_acceptance_at_every_size(models: ModelStore) -> None:
    spec = find_spec("yunet-2023mar")
    for size in spec.sizes:
        with load_engine(
            spec, models, runtime="onnxruntime", precision=Precision.FP16, size=size, threads=2
        ) as engine:
            assert verify(engine).is_proven, size
