"""Faces in, unit-norm embeddings out: one rendered batch per model and frame."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.domain.clock import Clock, SystemClock
from edge.domain.embedding import Binding, Embedding
from edge.domain.errors import RecognitionError
from edge.recognition.answers import AnswerWatch
from edge.recognition.faults import engine_faults_told
from engines.render.spec import CropGeometry, ViewSpec
from engines.views.base import ViewEngine

FloatArray = NDArray[np.float32]
_CLOCK = SystemClock()


class Embedder:
    """Embeds the views of one face with one model. Not thread-safe.

    Args:
        binding: what the embeddings may be compared with.
        engines: the same model compiled for one or more batch sizes, already active, with what renders its input.
        center: float32 (d,), what all faces have in common; see :mod:`engines.centers`.
        clock: measures the engine.

    Attributes:
        runs: how often the engine answered.
        run_ns: how long it took over them all, nanoseconds, rendering included where the device renders. Both may be
            read from any thread.
    """

    def __init__(
        self, *, binding: Binding, engines: Iterable[ViewEngine], center: FloatArray, clock: Clock = _CLOCK
    ) -> None:
        self._engines = {engine.batch: engine for engine in sorted(engines, key=lambda engine: engine.batch)}
        if not self._engines:
            raise ValueError("an embedder needs at least one engine")
        self.binding = binding
        self._center = np.asarray(center, np.float64)
        self._watch = AnswerWatch()
        self._clock = clock
        self.runs = 0
        self.run_ns = 0

    @property
    def dimensions(self) -> int:
        """How many numbers an embedding has."""
        return int(self._center.size)

    @property
    def takes_nv12(self) -> bool:
        """Whether it may be shown NV12 frames as well: each of its engines renders them."""
        return all(engine.takes_nv12 for engine in self._engines.values())

    def embed(self, pixels: NDArray[np.uint8], crop: CropGeometry, views: Sequence[ViewSpec]) -> FloatArray:
        """Embed every view of a face.

        Args:
            pixels: uint8 BGR frame (h, w, 3), or NV12 (h * 3 / 2, w) if :attr:`takes_nv12`.
            crop: where this model's crop lies in the frame.
            views: at least one.

        Returns:
            float32 (len(views), d), rows of unit norm, in the order of ``views``; newly allocated.

        Raises:
            RecognitionError: the engine failed, is stuck, or an embedding has no direction.
        """
        largest = next(reversed(self._engines))
        parts = [
            self._embed_part(pixels, crop, views[start : start + largest]) for start in range(0, len(views), largest)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def embed_one(self, pixels: NDArray[np.uint8], crop: CropGeometry, view: ViewSpec) -> Embedding:
        """Embed a single view as a bound :class:`Embedding`. Raises as :meth:`embed` does."""
        return Embedding(self.binding, self.embed(pixels, crop, (view,))[0])

    def embed_faces(self, faces: Sequence[tuple[NDArray[np.uint8], CropGeometry]], view: ViewSpec) -> FloatArray:
        """Embed one view of each of many faces, in batches as large as an engine is compiled for.

        Args:
            faces: frame pixels, uint8 BGR (h, w, 3), and where this model's crop lies in them; at least one.
            view: what to make of every crop.

        Returns:
            float32 (len(faces), d), rows of unit norm, in order.

        Raises:
            RecognitionError: as :meth:`embed`.
        """
        largest = next(reversed(self._engines))
        parts: list[FloatArray] = []
        for start in range(0, len(faces), largest):
            few = faces[start : start + largest]
            engine = self._engine_for(len(few))
            with engine_faults_told():
                for row, (pixels, crop) in enumerate(few):
                    engine.show(row, pixels, crop, (view,))
            parts.append(self._answered(engine, len(few)))
        return np.concatenate(parts)

    def _embed_part(self, pixels: NDArray[np.uint8], crop: CropGeometry, views: Sequence[ViewSpec]) -> FloatArray:
        engine = self._engine_for(len(views))
        with engine_faults_told():
            engine.show(0, pixels, crop, views)
        return self._answered(engine, len(views))

    def _engine_for(self, count: int) -> ViewEngine:
        return next(engine for batch, engine in self._engines.items() if batch >= count)

    def _answered(self, engine: ViewEngine, count: int) -> FloatArray:
        """Return the unit rows of the first ``count`` pictures that an engine was shown."""
        begun_ns = self._clock.monotonic_ns()
        with engine_faults_told():
            answer = engine.answer(count)
        self.run_ns += self._clock.monotonic_ns() - begun_ns
        self.runs += 1
        model_id = self.binding.model_id
        if self._watch.is_stuck(answer.sample, answer.rows):
            raise RecognitionError(
                f"{model_id} gives different pictures the same answer",
                hint="run 'edge-gate engines verify'; rebuild the engine if it fails",
            )
        unit = _unit_rows(answer.rows.astype(np.float64), model_id)
        centered: FloatArray = _unit_rows(unit - self._center, model_id).astype(np.float32)
        return centered


def _unit_rows(rows: NDArray[np.float64], model_id: str) -> NDArray[np.float64]:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    if not (norms.min() >= 1e-6 and norms.max() < np.inf):
        raise RecognitionError(
            f"{model_id} gave an embedding without a direction (norm 0, NaN or Inf)",
            hint="run 'edge-gate engines verify'; rebuild the engine if it fails",
        )
    unit: NDArray[np.float64] = rows / norms
    return unit
