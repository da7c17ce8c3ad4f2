"""How long an engine takes, measured."""

import time
from dataclasses import dataclass

import numpy as np

from engines.runtime.base import Engine


@dataclass(frozen=True, slots=True)
class Latency:
    """Wall time of one inference of the whole batch.

    Attributes:
        p50_ms: median.
        p95_ms: 95th percentile.
        least_ms: shortest.
        runs: how many were measured.
    """

    p50_ms: float
    p95_ms: float
    least_ms: float
    runs: int


def measure_latency(engine: Engine, *, runs: int = 50, warm_up: int = 5) -> Latency:
    """Time an active engine on noise; bound memory is reused, as in service.

    Raises:
        InferenceError: the engine is not active or fails.
    """
    batch = np.random.default_rng(0).random(engine.input_shape, dtype=np.float32)
    for _ in range(warm_up):
        engine.infer(batch)
    elapsed_ms = np.empty(runs)
    for run in range(runs):
        start_ns = time.perf_counter_ns()
        engine.infer(batch)
        elapsed_ms[run] = (time.perf_counter_ns() - start_ns) / 1e6
    p50, p95 = np.percentile(elapsed_ms, (50, 95))
    return Latency(float(p50), float(p95), float(elapsed_ms.min()), runs)
