"""The recognizers' fp16 files on this device, through whatever runs ONNX here: never TensorRT, and never called so."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.build import build
from engines.cache import ModelStore
from engines.catalog import ModelSpec, Role, load_catalog
from engines.errors import EngineError
from engines.golden import batch_from_pictures, embedder_pictures, expected
from engines.runtime.base import Precision
from scripts.gpu_check.finding import Finding, not_measured

SECTION = "networks"

_LEAST_COSINE = 0.9999
_ROUNDS = 50

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Runner:
    """Something that runs a model here.

    Attributes:
        name: what it is, with its version and device.
        run: float32 (n, 3, side, side) to float32 (n, d).
        wait: returns when the device is done.
    """

    name: str
    run: Callable[[FloatArray], FloatArray]
    wait: Callable[[], None]


def measure_networks(store: ModelStore, *, rounds: int = _ROUNDS) -> list[Finding]:
    """Hold every recognizer's fp16 file against its golden outputs and time a batch of eight views.

    Args:
        store: holds the fp16 files, or what they are made from.
        rounds: timed inferences.
    """
    embedders = [spec for spec in load_catalog().values() if spec.role is Role.EMBEDDER]
    return [finding for spec in embedders for finding in _measured(spec, store, rounds)]


def _measured(spec: ModelSpec, store: ModelStore, rounds: int) -> list[Finding]:
    try:
        runner = _runner(build(spec, store, Precision.FP16).path)
    except (EngineError, ImportError) as error:
        return [not_measured(SECTION, f"{spec.id}, fp16", str(error))]
    if runner is None:
        return [not_measured(SECTION, f"{spec.id}, fp16", "neither torch with CUDA nor onnxruntime is installed")]
    pictures = batch_from_pictures(spec, embedder_pictures(spec.input.side))
    found, wanted = runner.run(pictures), expected(spec, spec.default_size)
    least = float(np.sum(_unit(found) * _unit(wanted), axis=1).min())
    spent = []
    for _ in range(rounds):
        start = time.perf_counter()
        runner.run(pictures)
        runner.wait()
        spent.append((time.perf_counter() - start) * 1e3)
    p50, p95 = np.percentile(spent, (50, 95))
    return [
        Finding(
            section=SECTION,
            figure=f"{spec.id}, fp16: least cosine to the golden outputs",
            value=round(least, 6),
            bar=f">= {_LEAST_COSINE}",
            is_met=least >= _LEAST_COSINE,
            detail=f"{len(pictures)} golden pictures, {runner.name}",
        ),
        Finding(
            section=SECTION,
            figure=f"{spec.id}, fp16, {len(pictures)} pictures: milliseconds, p50 / p95",
            value=f"{p50:.2f} / {p95:.2f}",
            detail=f"{runner.name}, copies of input and output in it; not TensorRT",
        ),
    ]


def _runner(file: Path) -> Runner | None:
    return _torch_runner(file) or _onnxruntime_runner(file)


def _torch_runner(file: Path) -> Runner | None:
    try:
        import torch

        from redteam.twins.graph import GraphTwin
    except ImportError:
        return None
    if not torch.cuda.is_available():
        return None
    twin = GraphTwin(file, device="cuda")

    def run(batch: FloatArray) -> FloatArray:
        with torch.inference_mode():
            (output,) = twin(torch.from_numpy(batch).to("cuda")).values()
        rows: FloatArray = output.float().flatten(1).cpu().numpy()
        return rows

    name = f"torch {torch.__version__}, interpreted node by node on {torch.cuda.get_device_name(0)}"
    return Runner(name, run, torch.cuda.synchronize)


def _onnxruntime_runner(file: Path) -> Runner | None:
    try:
        import onnxruntime
    except ImportError:
        return None
    session: Any = onnxruntime.InferenceSession(str(file), providers=onnxruntime.get_available_providers())
    name = session.get_inputs()[0].name

    def run(batch: FloatArray) -> FloatArray:
        (output,) = session.run(None, {name: batch})
        rows: FloatArray = np.asarray(output, np.float32).reshape(len(batch), -1)
        return rows

    return Runner(f"onnxruntime {onnxruntime.__version__}, {session.get_providers()[0]}", run, lambda: None)


def _unit(rows: FloatArray) -> NDArray[np.float64]:
    wide: NDArray[np.float64] = rows.astype(np.float64)
    return wide / np.linalg.norm(wide, axis=1, keepdims=True)
