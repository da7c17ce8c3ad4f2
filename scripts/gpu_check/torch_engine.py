"""A model's ONNX file interpreted with torch, node by node: what a machine has that has no runtime of the gate's."""

from collections.abc import Mapping
from pathlib import Path

import torch

from engines.catalog import ModelSpec
from engines.runtime.base import Engine, FloatArray, Precision
from redteam.twins.graph import GraphTwin


def has_device() -> bool:
    """Return whether torch sees a CUDA device."""
    return bool(torch.cuda.is_available())


class TorchEngine(Engine):
    """Computes halves as the file says; deterministic, and without TF32, whose mantissa is ten bits long.

    Args:
        spec: the model.
        path: its fp16 file.
        batch: pictures an inference.
        size: (width, height) in pixels; the model's default if None.
        device: torch's name of it.
    """

    runtime = "torch"

    def __init__(
        self, spec: ModelSpec, path: Path, *, batch: int, size: tuple[int, int] | None = None, device: str = "cuda"
    ) -> None:
        super().__init__(model_id=spec.id, precision=Precision.FP16, input_shape=spec.shape(batch=batch, size=size))
        self._path = path
        self._device = device
        self._twin: GraphTwin | None = None

    @property
    def device(self) -> str:
        """Name of what it runs on."""
        return torch.cuda.get_device_name(0) if self._device == "cuda" else self._device

    def _activate(self) -> None:
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cuda.matmul.allow_tf32 = False
        self._twin = GraphTwin(self._path, device=self._device)

    def _infer(self, batch: FloatArray) -> Mapping[str, FloatArray]:
        if self._twin is None:
            raise RuntimeError("an engine is activated before it is asked")
        with torch.inference_mode():
            outputs = self._twin(torch.from_numpy(batch).to(self._device))
        return {name: value.float().cpu().numpy() for name, value in outputs.items()}

    def _deactivate(self) -> None:
        self._twin = None
