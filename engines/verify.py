"""The acceptance gate: a compiled engine reproduces the stored fp32 outputs, or it does not serve.

It runs the engine as it is, batch size included, over the golden pictures in both orders, and compares. What it must
catch has happened in the field: NaN descriptors, different people at cosine 0.97, rows of a batch swapped, a wrong
channel order, a stale cache. That a file is the catalog's is checked where it is loaded
(:func:`engines.cache.read_proven`), before an engine can be asked anything.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.catalog import ModelSpec, Role, find_spec
from engines.errors import AcceptanceError, InferenceError
from engines.golden import ROW_SCORE, batch_from_pictures, detector_picture, embedder_pictures, expected
from engines.runtime.base import Engine, FloatArray, Precision
from engines.yunet import STRIDES, decode_rows, rows_above

COSINE_BARS: Mapping[Precision, float] = {
    Precision.FP32: 0.9999,
    Precision.BF16: 0.999,
    Precision.FP16: 0.9999,
    Precision.INT8: 0.95,
}
"""Least cosine to the stored fp32 output."""
SCORE_SHIFT_BARS: Mapping[Precision, float] = {
    Precision.FP32: 0.01,
    Precision.BF16: 0.01,
    Precision.FP16: 0.01,
    Precision.INT8: 0.1,
}
"""Most that the cosine of two golden pictures may move. At most 0.01: templates of such engines are comparable."""
SPREAD_BAR = 0.9
"""Most alike that two different golden pictures may be."""
UNIT_NORM_BAR = 1e-3
RELATIVE_NORM_BAR = 0.02
REPEAT_BAR = 1e-5
BOX_BAR_PX = 1.0
DETECTION_SCORE_BAR = 0.01
_DIFFERENT_BELOW = 0.75  # golden pairs less alike than this by the fp32 model count as different pictures
_BOX_SCORE = 0.5  # rows that score less are never taken for a face, so only their score matters


@dataclass(frozen=True, slots=True)
class Check:
    """One measured value against its bar.

    Attributes:
        name: what was measured.
        value: the measurement; NaN if it could not be taken.
        bar: what it is held against.
        is_minimum: whether the bar is the least (True) or the most (False) that passes.
    """

    name: str
    value: float
    bar: float
    is_minimum: bool = False

    @property
    def is_passed(self) -> bool:
        """Whether the value is on the right side of the bar; NaN never is."""
        return self.value >= self.bar if self.is_minimum else self.value <= self.bar

    def __str__(self) -> str:
        return f"{self.name} {self.value:.6g} ({'at least' if self.is_minimum else 'at most'} {self.bar:g})"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationReport:
    """What the acceptance gate found.

    Attributes:
        model_id: catalog id.
        runtime: name of the runtime.
        precision: arithmetic.
        input_shape: (batch, channels, height, width).
        checks: all that was measured.
    """

    model_id: str
    runtime: str
    precision: Precision
    input_shape: tuple[int, int, int, int]
    checks: tuple[Check, ...]

    @property
    def is_proven(self) -> bool:
        """Whether every check passed; a report without checks proves nothing."""
        return bool(self.checks) and not self.failed

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.is_passed)


def verify(engine: Engine, spec: ModelSpec | None = None) -> VerificationReport:
    """Hold an engine against the golden outputs of its model.

    Args:
        engine: activated if need be, and left active.
        spec: its model; the catalog's if None.

    Raises:
        EngineError: it cannot be loaded, or there are no golden outputs for its size.
    """
    spec = spec or find_spec(engine.model_id)
    engine.activate()
    examine = _examine_detector if spec.role is Role.DETECTOR else _examine_embedder
    try:
        checks = examine(engine, spec)
    except InferenceError:  # the engine itself refuses numbers that are not finite
        checks = (Check("inferences that failed", 1.0, 0.0),)
    return VerificationReport(
        model_id=spec.id,
        runtime=engine.runtime,
        precision=engine.precision,
        input_shape=engine.input_shape,
        checks=checks,
    )


def require_proven(engine: Engine, spec: ModelSpec | None = None) -> VerificationReport:
    """Verify an engine and refuse it if it fails.

    Raises:
        AcceptanceError: a check failed; the message names it.
        EngineError: it cannot be loaded, or there are no golden outputs for its size.
    """
    report = verify(engine, spec)
    if not report.is_proven:
        reasons = "; ".join(str(check) for check in report.failed) or "nothing was measured"
        raise AcceptanceError(
            f"{report.model_id} on {report.runtime} {report.precision} is not served: {reasons}",
            hint="delete the compiled models and try again; if it stays, use precision fp32 or onnxruntime",
        )
    return report


def _examine_embedder(engine: Engine, spec: ModelSpec) -> tuple[Check, ...]:
    reference = expected(spec, spec.default_size)
    pictures = batch_from_pictures(spec, embedder_pictures(spec.input.side))
    forward = _embeddings(engine, spec, pictures)
    if forward is None or forward.shape != reference.shape:
        return (Check("outputs of a wrong name or shape", 1.0, 0.0),)
    again = _embeddings(engine, spec, pictures)
    backward = _embeddings(engine, spec, np.ascontiguousarray(pictures[::-1]))
    bar = COSINE_BARS[engine.precision]
    return (
        Check("values that are not finite", float(np.sum(~np.isfinite(forward))), 0.0),
        Check("cosine to the golden outputs", _least_cosine(forward, reference), bar, is_minimum=True),
        Check("cosine with the batch reversed", _least_cosine(backward, reference[::-1]), bar, is_minimum=True),
        Check("score shift", _score_shift(forward, reference), SCORE_SHIFT_BARS[engine.precision]),
        Check("spread: cosine of different pictures", _most_alike(forward, reference), SPREAD_BAR),
        _norm_check(forward, reference, spec),
        Check("change on repeating", _largest_change(forward, again), REPEAT_BAR),
    )


def _embeddings(engine: Engine, spec: ModelSpec, pictures: FloatArray) -> FloatArray | None:
    """Return the engine's embeddings of pictures, its batch filled up by starting over; None if it gives none."""
    size, rows = engine.input_shape[0], []
    order = np.arange(-(-len(pictures) // size) * size) % len(pictures)
    for start in range(0, len(order), size):
        batch = np.ascontiguousarray(pictures[order[start : start + size]])
        output = engine.infer(batch).get(spec.output_names[0])
        if output is None or output.shape != (size, spec.dimension):
            return None
        rows.append(output.copy())
    return np.concatenate(rows)[: len(pictures)]


def _unit(vectors: FloatArray) -> NDArray[np.float64]:
    """Return the vectors at length 1; one of length 0 becomes NaN, which passes no check."""
    wide = vectors.astype(np.float64)
    norms = np.linalg.norm(wide, axis=1, keepdims=True)
    return wide / np.where(norms > 0, norms, math.nan)


def _least_cosine(vectors: FloatArray | None, reference: FloatArray) -> float:
    if vectors is None:
        return math.nan
    return float(np.min(np.sum(_unit(vectors) * _unit(reference), axis=1)))


def _score_shift(vectors: FloatArray, reference: FloatArray) -> float:
    found, stored = _unit(vectors), _unit(reference)
    return float(np.max(np.abs(found @ found.T - stored @ stored.T)))


def _most_alike(vectors: FloatArray, reference: FloatArray) -> float:
    found, stored = _unit(vectors), _unit(reference)
    return float(np.max((found @ found.T)[stored @ stored.T < _DIFFERENT_BELOW]))


def _norm_check(vectors: FloatArray, reference: FloatArray, spec: ModelSpec) -> Check:
    norms = np.linalg.norm(vectors.astype(np.float64), axis=1)
    if spec.is_normalized:
        return Check("distance of the norm from 1", float(np.max(np.abs(norms - 1))), UNIT_NORM_BAR)
    stored = np.linalg.norm(reference.astype(np.float64), axis=1)
    return Check("relative change of the norm", float(np.max(np.abs(norms / stored - 1))), RELATIVE_NORM_BAR)


def _largest_change(first: FloatArray, second: FloatArray | None) -> float:
    if second is None:
        return math.nan
    return float(np.max(np.abs(first - second)) / max(float(np.max(np.abs(first))), 1.0))


def _examine_detector(engine: Engine, spec: ModelSpec) -> tuple[Check, ...]:
    size = (engine.input_shape[3], engine.input_shape[2])
    stored = expected(spec, size)
    picture = batch_from_pictures(spec, (detector_picture(size),))
    outputs = {name: value.copy() for name, value in engine.infer(picture).items()}
    if not _has_all_heads(outputs, spec, size):
        return (Check("outputs of a wrong name or shape", 1.0, 0.0),)
    again = engine.infer(picture)
    found = np.concatenate(
        [decode_rows(outputs, size[0], stride, stored[stored[:, 0] == stride, 1]) for stride in STRIDES]
    )
    difference = np.abs(found - stored)
    faces = difference[stored[:, 2] > _BOX_SCORE]
    surplus = _rows_not_in(rows_above(outputs, size[0], ROW_SCORE + DETECTION_SCORE_BAR), stored)
    return (
        Check("golden rows that hold a face", float(len(faces)), 1.0, is_minimum=True),
        Check("score difference", _largest(difference[:, 2]), DETECTION_SCORE_BAR),
        Check("box difference, px", _largest(faces[:, 3:7]), BOX_BAR_PX),
        Check("landmark difference, px", _largest(faces[:, 7:]), BOX_BAR_PX),
        Check("faces that are not in the golden outputs", float(surplus), 0.0),
        Check(
            "change on repeating", max(_largest_change(outputs[n], again[n]) for n in spec.output_names), REPEAT_BAR
        ),
    )


def _has_all_heads(outputs: Mapping[str, FloatArray], spec: ModelSpec, size: tuple[int, int]) -> bool:
    columns = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
    for name in spec.output_names:
        head, _, stride = name.partition("_")
        rows = (size[0] // int(stride)) * (size[1] // int(stride))
        if name not in outputs or outputs[name].shape != (1, rows, columns[head]):
            return False
    return True


def _rows_not_in(rows: FloatArray, stored: FloatArray) -> int:
    known = {(int(row[0]), int(row[1])) for row in stored}
    return sum((int(row[0]), int(row[1])) not in known for row in rows)


def _largest(values: NDArray[np.float32] | Sequence[float]) -> float:
    return float(np.max(values)) if np.size(values) else math.nan
