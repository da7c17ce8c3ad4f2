"""Which ranges serve a model's int8 file: every candidate judged on split A, by people whom no range was fitted on.

People with one picture give the ranges; people with two or more are verified. Split B is never looked at.
"""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.evaluation.precision import Closeness, closeness
from calibration.fitting.ranges import METHODS, Histogram, chosen_ranges, layer_inputs, observable, observe
from calibration.pictures.faces import FacePicture
from calibration.statistics.verification import tar_at_far
from edge.vision.align import crop_geometry
from engines.catalog import ModelSpec
from engines.centers import center_of
from engines.convert.derive import int8_in_single
from engines.ranges import ActivationRanges
from engines.render.cpu import CPURenderer
from engines.render.spec import PLAIN
from engines.runtime.base import Engine, FloatArray, Precision
from engines.runtime.registry import create_engine
from engines.runtime.request import EngineRequest

FAR = 1e-3
_RUNTIME = "onnxruntime"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Ranges by one method, and what verification made of them.

    Attributes:
        table: the ranges.
        keeps_edges: whether the first and the last layer stay in floating point.
        tar: TAR at FAR 1e-3 among the people verified.
        tar_fp32: the fp32 file's.
        closeness: of the embeddings to the fp32 file's.
    """

    table: ActivationRanges
    keeps_edges: bool
    tar: float
    tar_fp32: float
    closeness: Closeness


class RangeJudge:
    """Fits ranges of one model and judges them.

    Args:
        spec: the model.
        model: its fp32 file, proven.
        threads: CPU threads of an inference.
    """

    def __init__(self, spec: ModelSpec, model: bytes, *, threads: int) -> None:
        self._spec = spec
        self._model = model
        self._threads = threads
        self._renderer = CPURenderer()

    def candidates(self, fitted: Sequence[FacePicture], judged: Sequence[FacePicture]) -> Iterator[Candidate]:
        """Give every method's candidate with the edges left alone, then the best of them with the edges too.

        Args:
            fitted: who the ranges are taken from.
            judged: who is verified; several pictures a person.
        """
        crops = [self.crop(picture) for picture in fitted]
        digest = hashlib.sha256(b"".join(crop.tobytes() for crop in crops)).hexdigest()
        histograms = self._observed(crops)
        people = _people(judged)
        seen = [self.crop(picture) for picture in judged]
        base = self._rows(self._model, Precision.FP32, seen)
        tar_fp32 = _tar(base, people)
        found: list[Candidate] = []
        for method, keeps_edges in [*((name, True) for name in METHODS), ("", False)]:
            chosen = method or best(found).table.method.removesuffix(" (edges fp16)")
            table = self._table(histograms, chosen, len(fitted), digest, keeps_edges=keeps_edges)
            made = int8_in_single(self._model, table, name=self._spec.id)
            rows = self._rows(made, Precision.INT8, seen)
            candidate = Candidate(
                table=table,
                keeps_edges=keeps_edges,
                tar=_tar(rows, people),
                tar_fp32=tar_fp32,
                closeness=closeness(rows, base),
            )
            found.append(candidate)
            yield candidate

    def crop(self, picture: FacePicture) -> FloatArray:
        """Return the model's input for a picture, float32 (1, 3, side, side)."""
        out = np.empty(self._spec.shape(batch=1), np.float32)
        geometry = crop_geometry(self._spec.crop, picture.face)
        self._renderer.render(picture.frame.pixels, geometry, (PLAIN,), self._spec.input, out)
        return out

    def _observed(self, crops: Sequence[FloatArray]) -> dict[str, Histogram]:
        names = layer_inputs(self._model)
        outputs = tuple(name for name in names if name != self._spec.input_name)
        with tempfile.TemporaryDirectory() as folder:
            engine = self._engine(observable(self._model, names), Precision.FP32, Path(folder), outputs)
            with engine:
                return observe(engine.infer, crops, names, self._spec.input_name)

    def _rows(self, model: bytes, precision: Precision, crops: Sequence[FloatArray]) -> NDArray[np.float32]:
        """Return unit rows after the center, as the gate compares them."""
        output = self._spec.output_names[0]
        with tempfile.TemporaryDirectory() as folder:
            engine = self._engine(model, precision, Path(folder), (output,))
            with engine:
                raw = np.concatenate([engine.infer(crop)[output].copy() for crop in crops])
        centered = _unit(_unit(raw.astype(np.float64)) - center_of(self._spec).astype(np.float64))
        return centered.astype(np.float32)

    def _engine(self, model: bytes, precision: Precision, folder: Path, outputs: tuple[str, ...]) -> Engine:
        path = folder / "model.onnx"
        path.write_bytes(model)
        request = EngineRequest(
            model_id=self._spec.id,
            model_path=path,
            model_sha256=hashlib.sha256(model).hexdigest(),
            output_names=outputs,
            input_shape=self._spec.shape(batch=1),
            precision=precision,
            threads=self._threads,
        )
        return create_engine(_RUNTIME, request)

    def _table(
        self, histograms: Mapping[str, Histogram], method: str, pictures: int, digest: str, *, keeps_edges: bool
    ) -> ActivationRanges:
        last = layer_inputs(self._model)[-1]
        table = ActivationRanges(
            model=self._spec.id,
            onnx_sha256=self._spec.onnx_sha256,
            method=method,
            pictures=pictures,
            data_sha256=digest,
            ranges=chosen_ranges(histograms, method, keeps_edges=keeps_edges, last=last),
        )
        return replace(table, method=f"{method} (edges fp16)") if keeps_edges else table


def best(candidates: Sequence[Candidate]) -> Candidate:
    """Return the candidate with the highest TAR; of equal ones, that whose scores moved least."""
    return max(candidates, key=lambda candidate: (candidate.tar, -candidate.closeness.shift_mean))


def _people(pictures: Sequence[FacePicture]) -> NDArray[np.int64]:
    names = {name: i for i, name in enumerate(sorted({p.path.parent.name for p in pictures}))}
    return np.array([names[p.path.parent.name] for p in pictures], np.int64)


def _tar(rows: NDArray[np.float32], people: NDArray[np.int64]) -> float:
    scores = (rows @ rows.T)[np.triu_indices(len(rows), 1)].astype(np.float64)
    is_genuine = (people[:, None] == people[None, :])[np.triu_indices(len(rows), 1)]
    return tar_at_far(scores[is_genuine], scores[~is_genuine], FAR)


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    unit: NDArray[np.float64] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit
