"""Several engines timed in one run, in turns, so that whatever else the machine does slows all of them alike."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.runtime.base import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """How long one engine's inferences of a whole batch took.

    Attributes:
        p50_ms: median.
        p95_ms: 95th percentile.
        p99_ms: 99th percentile; with few rounds little more than the longest.
        ratio: median, over the rounds, of its time to the first engine's of the same round.
    """

    p50_ms: float
    p95_ms: float
    p99_ms: float
    ratio: float


def measure_in_turns(engines: Sequence[Engine], *, rounds: int, warm_up: int = 3) -> tuple[Turn, ...]:
    """Time active engines on noise, one inference each a round.

    Args:
        engines: at least one, in the order of the result.
        rounds: how many are measured, at least 1.
        warm_up: rounds before those.

    Raises:
        InferenceError: an engine is not active or fails.
    """
    rng = np.random.default_rng(0)
    batches = [rng.random(engine.input_shape, dtype=np.float32) for engine in engines]
    elapsed_ms = np.empty((warm_up + rounds, len(engines)))
    for row in elapsed_ms:
        for place, (engine, batch) in enumerate(zip(engines, batches, strict=True)):
            start_ns = time.perf_counter_ns()
            engine.infer(batch)
            row[place] = (time.perf_counter_ns() - start_ns) / 1e6
    measured = elapsed_ms[warm_up:]
    return tuple(_turn(own, measured[:, 0]) for own in measured.T)


def _turn(elapsed_ms: NDArray[np.float64], first_ms: NDArray[np.float64]) -> Turn:
    p50, p95, p99 = map(float, np.percentile(elapsed_ms, (50, 95, 99)))
    return Turn(p50_ms=p50, p95_ms=p95, p99_ms=p99, ratio=float(np.median(elapsed_ms / first_ms)))
