"""A quick look at an engine that serves: does it still give the golden pictures their golden outputs?

The acceptance gate (:mod:`engines.verify`) proves an engine before it serves. This asks less, so that it fits between
two frames: the two portraits, once, at the same bars.
"""

import numpy as np

from engines.catalog import ModelSpec, find_spec
from engines.errors import AcceptanceError
from engines.golden import batch_from_pictures, embedder_pictures, expected
from engines.runtime.base import Engine, FloatArray
from engines.verify import COSINE_BARS, SCORE_SHIFT_BARS

_PORTRAITS = 2  # the golden pictures of two different people


def require_alive(engine: Engine, spec: ModelSpec | None = None) -> None:
    """Return if an active embedder reproduces its golden outputs for two people.

    Args:
        engine: active; of any batch size.
        spec: its model; the catalog's if None.

    Raises:
        AcceptanceError: it does not.
        EngineError: it failed.
    """
    spec = spec or find_spec(engine.model_id)
    pictures = batch_from_pictures(spec, embedder_pictures(spec.input.side)[:_PORTRAITS])
    reference = _unit(expected(spec, spec.default_size)[:_PORTRAITS])
    found = _unit(_answers(engine, spec, pictures))
    cosine = float(np.min(np.sum(found * reference, axis=1)))
    shift = float(np.max(np.abs(found @ found.T - reference @ reference.T)))
    if not (cosine >= COSINE_BARS[engine.precision] and shift <= SCORE_SHIFT_BARS[engine.precision]):
        raise AcceptanceError(
            f"{engine.model_id} on {engine.runtime} no longer gives the golden pictures their outputs "
            f"(cosine {cosine:.4f}, score shift {shift:.4f})",
            hint="restart the gate; if it stays, run 'edge-gate engines verify'",
        )


def _answers(engine: Engine, spec: ModelSpec, pictures: FloatArray) -> FloatArray:
    size = engine.input_shape[0]
    order = np.arange(-(-len(pictures) // size) * size) % len(pictures)
    rows = [
        engine.infer(np.ascontiguousarray(pictures[order[start : start + size]]))[spec.output_names[0]].copy()
        for start in range(0, len(order), size)
    ]
    return np.concatenate(rows)[: len(pictures)]


def _unit(vectors: FloatArray) -> FloatArray:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(norms > 0, norms, np.nan), np.float32)
