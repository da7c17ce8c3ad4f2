"""The models' fp16 files through whatever runs ONNX on this machine: never TensorRT, and never called so."""

import math
import os
import time
from contextlib import suppress
from importlib.metadata import version

import numpy as np

from engines.build import build, load_engine
from engines.cache import ModelStore
from engines.catalog import ModelSpec, Role, load_catalog
from engines.errors import EngineError
from engines.golden import batch_from_pictures, detector_picture, embedder_pictures
from engines.runtime.base import Engine, FloatArray, Precision
from engines.verify import Check, verify
from scripts.gpu_check.finding import Finding, not_measured

SECTION = "networks"

_VIEWS = 8


def measure_networks(store: ModelStore, *, rounds: int) -> list[Finding]:
    """Hold every model's fp16 file to what a compiled engine must pass, and time it.

    Args:
        store: holds the fp16 files, or what they are made from.
        rounds: timed inferences.
    """
    return [finding for spec in load_catalog().values() for finding in _of_model(spec, store, rounds)]


def _of_model(spec: ModelSpec, store: ModelStore, rounds: int) -> list[Finding]:
    try:
        with _engine(spec, store) as engine:
            return measure_engine(engine, spec, rounds=rounds)
    except (EngineError, ImportError) as error:
        return [not_measured(SECTION, f"{spec.id}, fp16", str(error))]


def measure_engine(engine: Engine, spec: ModelSpec, *, rounds: int) -> list[Finding]:
    """Return an active engine's acceptance and its times.

    Args:
        engine: computes ``spec``.
        spec: the model.
        rounds: timed inferences.

    Raises:
        EngineError: there are no golden outputs for it.
    """
    where = f"{engine.runtime} {version(engine.runtime)} on {engine.device}; not TensorRT"
    report = verify(engine, spec)
    batch, spent = _batch(engine, spec), []
    for _ in range(rounds):
        start = time.perf_counter()
        engine.infer(batch)
        spent.append((time.perf_counter() - start) * 1e3)
    p50, p95 = np.percentile(spent, (50, 95))
    return [
        *(_judged(check, spec, where) for check in report.checks),
        Finding(
            section=SECTION,
            figure=f"{spec.id}, fp16: milliseconds, p50 / p95",
            value=f"{p50:.2f} / {p95:.2f}",
            detail=f"{len(batch)} pictures an inference, {rounds} of them, copies in and out counted, {where}",
        ),
    ]


def _judged(check: Check, spec: ModelSpec, where: str) -> Finding:
    return Finding(
        section=SECTION,
        figure=f"{spec.id}, fp16: {check.name}",
        value=float(f"{check.value:.6g}") if math.isfinite(check.value) else "not finite",
        bar=f"{'>=' if check.is_minimum else '<='} {check.bar:g}",
        is_met=check.is_passed,
        detail=where,
    )


def _engine(spec: ModelSpec, store: ModelStore) -> Engine:
    """Return torch on the device if it is there, else the gate's own onnxruntime on the processor.

    Raises:
        EngineError: neither is, or the fp16 file is not and cannot be made.
        ImportError: what would make the file is not installed.
    """
    batch = _VIEWS if spec.role is Role.EMBEDDER else 1
    path = build(spec, store, Precision.FP16).path
    with suppress(ImportError):
        from scripts.gpu_check.torch_engine import TorchEngine, has_device

        if has_device():
            return TorchEngine(spec, path, batch=batch)
    threads = os.cpu_count() or 1
    return load_engine(spec, store, runtime="onnxruntime", precision=Precision.FP16, batch=batch, threads=threads)


def _batch(engine: Engine, spec: ModelSpec) -> FloatArray:
    if spec.role is Role.DETECTOR:
        _, _, height, width = engine.input_shape
        return batch_from_pictures(spec, (detector_picture((width, height)),))
    return batch_from_pictures(spec, embedder_pictures(spec.input.side))[: engine.input_shape[0]]
