"""The gate's way from a frame to embeddings as one differentiable function: crops, views and both recognizers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from engines.cache import ModelStore
from engines.catalog import ModelSpec, find_spec
from engines.centers import center_of
from engines.render.spec import PLAIN, ViewSpec
from redteam.twins.embedder import EmbedderTwin
from redteam.twins.renderer import RendererTwin

Matrices = Mapping[str, Tensor]
"""Crop to frame, float (n, 2, 3), by model id."""


@dataclass(frozen=True, slots=True)
class RecognizerTwin:
    """One recognizer: what the catalog says of it, and its twin."""

    spec: ModelSpec
    embedder: EmbedderTwin


class PictureTwin:
    """What the gate computes of a face whose alignment is known.

    Args:
        recognizers: the models that an attacker knows, by model id.
    """

    def __init__(self, recognizers: Mapping[str, RecognizerTwin]) -> None:
        self._recognizers = dict(recognizers)
        self._renderer = RendererTwin()

    @staticmethod
    def load(model_ids: Sequence[str], store: ModelStore, *, is_bf16: bool) -> "PictureTwin":
        """Return the twin of built models of the catalog."""
        specs = [find_spec(model_id) for model_id in model_ids]
        return PictureTwin(
            {
                s.id: RecognizerTwin(s, EmbedderTwin(store.onnx_path(s), center=center_of(s), is_bf16=is_bf16))
                for s in specs
            }
        )

    def embed(
        self,
        model_id: str,
        frames: Tensor,
        matrices: Tensor,
        views: Sequence[ViewSpec] | Sequence[Sequence[ViewSpec]] = (PLAIN,),
    ) -> Tensor:
        """Return unit embeddings float32 (n, v, d) of one model.

        Args:
            model_id: which model.
            frames: float32 (n, 3, h, w), BGR, 0..255.
            matrices: float (n, 2, 3), that model's crops in the frames.
            views: one list for all frames, or a list of one length for each.
        """
        recognizer = self._recognizers[model_id]
        crops = self._renderer.render(frames, matrices, views, recognizer.spec.input)
        return recognizer.embedder(crops.flatten(0, 1)).unflatten(0, crops.shape[:2])
