"""A differentiable twin of a served recognition model: normalized crops in, unit embeddings out."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from redteam.twins.graph import GraphTwin


class EmbedderTwin:
    """The twin of one recognizer.

    Args:
        onnx_file: the converted fp32 model that the gate serves.
        center: float32 (d,), taken off the unit embeddings as the gate does; None = nothing is.
        is_bf16: compute in bfloat16 where torch knows how: twice as fast on CPUs that have it, with gradients that
            point the same way. What an attack found is judged by the served fp32 engine in any case.

    Raises:
        ValueError: the graph holds an operator that the twin does not know, or has several outputs.
    """

    def __init__(self, onnx_file: Path, *, center: NDArray[np.float32] | None = None, is_bf16: bool = False) -> None:
        self._graph = GraphTwin(onnx_file)
        self._center = None if center is None else torch.tensor(center)
        self._is_bf16 = is_bf16

    def __call__(self, batch: Tensor) -> Tensor:
        """Return unit embeddings float32 (n, d) of a batch (n, 3, side, side) in the model's own input range."""
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._is_bf16):
            (output,) = self._graph(batch).values()
        unit = functional.normalize(output.float().flatten(1), dim=1)
        return unit if self._center is None else functional.normalize(unit - self._center, dim=1)
