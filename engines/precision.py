"""Which arithmetic to run: measured on this machine once, not guessed from a CPU flag.

On TensorRT ``auto`` is fp16, which moves no score by more than the reference class allows, or acceptance refuses it.
A CPU may compute bf16 and still be slower at it (it may only emulate parts). So ``auto`` runs one model both ways,
keeps the answer beside the models, and asks again when the CPU or the runtime has changed.
"""

import hashlib
import importlib.metadata
import json
import platform
import statistics
import time
from pathlib import Path
from types import MappingProxyType

import numpy as np

from engines.build import is_built, load_engine
from engines.cache import ModelStore
from engines.catalog import find_spec
from engines.errors import EngineError, RuntimeMissingError
from engines.runtime.base import Engine, Precision
from engines.runtime.registry import available_precisions, file_precision

_PROBE = "sface-2021dec"
_ROUNDS = 12
_SETTLED = MappingProxyType({"tensorrt": Precision.FP16})
"""What ``auto`` is without measuring, by runtime."""


def choose_precision(store: ModelStore, *, runtime: str, wanted: str, threads: int) -> Precision:
    """Return the precision to run.

    Args:
        store: where models lie; the measured answer is kept there.
        runtime: name of the runtime.
        wanted: ``auto``, or a precision that is taken as it is.
        threads: threads an engine will use.

    Raises:
        RuntimeMissingError: the runtime or the wanted precision is not available here.
        EngineError: the probe model is there but cannot be run.
    """
    available = available_precisions(runtime)
    if wanted != "auto":
        precision = Precision(wanted)
        if precision not in available:
            raise RuntimeMissingError(
                f"{runtime} cannot compute {precision} on this machine",
                hint=f"set engine.precision to auto or {available[0]}",
            )
        return precision
    if runtime in _SETTLED:
        return _SETTLED[runtime]
    if Precision.BF16 not in available:
        return Precision.FP32
    return _remembered(store, runtime, threads) or _measured(store, runtime, threads)


def chosen_file(runtime: str, wanted: str) -> Precision:
    """Return the precision of the file of what ``choose_precision`` chooses, before anything is measured."""
    if wanted == "auto":
        return _SETTLED.get(runtime, Precision.FP32)
    return file_precision(runtime, Precision(wanted))


def _measured(store: ModelStore, runtime: str, threads: int) -> Precision:
    spec = find_spec(_PROBE)
    if not (is_built(spec, store) or store.source_path(spec).is_file()):
        return Precision.FP32
    with (
        load_engine(spec, store, runtime=runtime, precision=Precision.FP32, threads=threads) as plain,
        load_engine(spec, store, runtime=runtime, precision=Precision.BF16, threads=threads) as short,
    ):
        fastest = Precision.BF16 if _median_ratio(short, plain) < 1.0 else Precision.FP32
    path = _answer_file(store, runtime, threads)
    try:
        store.write(path, json.dumps({"precision": fastest}).encode())
    except EngineError:
        return fastest  # a read-only store only means that the next start measures again
    return fastest


def _median_ratio(first: Engine, second: Engine) -> float:
    """Return the median of first's time over second's, run in turns so that a noisy machine slows both."""
    batch = np.full(first.input_shape, 127.0, np.float32)
    ratios = [_seconds(first, batch) / _seconds(second, batch) for _ in range(_ROUNDS)]
    return statistics.median(ratios[2:])


def _seconds(engine: Engine, batch: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> float:
    start = time.perf_counter()
    engine.infer(batch)
    return time.perf_counter() - start


def _remembered(store: ModelStore, runtime: str, threads: int) -> Precision | None:
    try:
        return Precision(json.loads(_answer_file(store, runtime, threads).read_bytes())["precision"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _answer_file(store: ModelStore, runtime: str, threads: int) -> Path:
    try:
        runtime_version = importlib.metadata.version(runtime)
    except importlib.metadata.PackageNotFoundError:
        runtime_version = "unknown"
    machine = f"{runtime} {runtime_version} {threads} {_cpu_name()}"
    return store.compiled_dir(runtime) / f"precision-{hashlib.sha256(machine.encode()).hexdigest()[:16]}.json"


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith(("model name", "CPU part", "Model")):
                return line
    except OSError:
        pass
    return platform.processor() or platform.machine()
