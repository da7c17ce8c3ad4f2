"""Faces in, unit-norm embeddings out: one rendered batch per model and frame."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.domain.embedding import Binding, Embedding
from edge.domain.errors import DeviceLostError, RecognitionError
from edge.recognition.answers import AnswerWatch
from engines.errors import DeviceError, EngineError
from engines.render.base import Renderer
from engines.render.spec import CropGeometry, InputSpec, ViewSpec
from engines.runtime.base import Engine

FloatArray = NDArray[np.float32]


class Embedder:
    """Embeds the views of one face with one model. Owns its engines' input buffers; not thread-safe.

    Args:
        binding: what the embeddings may be compared with.
        input_spec: how a view is rendered for this model.
        output: name of the model's embedding output.
        renderer: cuts views out of a frame.
        engines: the same model compiled for one or more batch sizes, already active, by batch size.
        center: float32 (d,), what all faces have in common; see :mod:`engines.centers`.
    """

    def __init__(
        self,
        *,
        binding: Binding,
        input_spec: InputSpec,
        output: str,
        renderer: Renderer,
        engines: Mapping[int, Engine],
        center: FloatArray,
    ) -> None:
        if not engines:
            raise ValueError("an embedder needs at least one engine")
        self.binding = binding
        self._input_spec = input_spec
        self._output = output
        self._renderer = renderer
        self._engines = dict(sorted(engines.items()))
        self._center = np.asarray(center, np.float64)
        self._watch = AnswerWatch()
        self._buffers = {batch: np.zeros(e.input_shape, np.float32) for batch, e in self._engines.items()}

    @property
    def dimensions(self) -> int:
        """How many numbers an embedding has."""
        return int(self._center.size)

    def embed(self, pixels: NDArray[np.uint8], crop: CropGeometry, views: Sequence[ViewSpec]) -> FloatArray:
        """Embed every view of a face.

        Args:
            pixels: uint8 BGR frame (h, w, 3).
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
            batch = self._batch_for(len(few))
            buffer = self._buffers[batch]
            for row, (pixels, crop) in enumerate(few):
                self._renderer.render(pixels, crop, (view,), self._input_spec, buffer[row : row + 1])
            parts.append(self._inferred(batch, len(few)))
        return np.concatenate(parts)

    def _embed_part(self, pixels: NDArray[np.uint8], crop: CropGeometry, views: Sequence[ViewSpec]) -> FloatArray:
        batch = self._batch_for(len(views))
        self._renderer.render(pixels, crop, views, self._input_spec, self._buffers[batch][: len(views)])
        return self._inferred(batch, len(views))

    def _batch_for(self, count: int) -> int:
        return next(size for size in self._engines if size >= count)

    def _inferred(self, batch: int, count: int) -> FloatArray:
        """Return the unit rows of the first ``count`` pictures of a batch size's buffer."""
        try:
            raw = self._engines[batch].infer(self._buffers[batch])[self._output][:count]
        except EngineError as error:
            kind = DeviceLostError if isinstance(error, DeviceError) else RecognitionError
            raise kind(str(error), hint=error.hint) from error
        model_id = self.binding.model_id
        if self._watch.is_stuck(self._buffers[batch][:count], raw.reshape(count, -1)):
            raise RecognitionError(
                f"{model_id} gives different pictures the same answer",
                hint="run 'edge-gate engines verify'; rebuild the engine if it fails",
            )
        unit = _unit_rows(raw.reshape(count, -1).astype(np.float64), model_id)
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
