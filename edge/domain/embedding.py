"""Embeddings, what they are bound to, and templates made of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Binding:
    """What an embedding may be compared within: anything else is refused, never compared.

    Attributes:
        model_id: catalog id, such as ``sface-2021dec``.
        model_digest: sha256 of the converted fp32 model; in class ``int8``, of the int8 one.
        recipe_digest: sha256 of how the face is cut out and normalized.
        precision_class: ``reference`` (fp32, and bf16/fp16 that passed acceptance) or ``int8``.
    """

    model_id: str
    model_digest: str
    recipe_digest: str
    precision_class: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Embedding:
    """A unit-norm face descriptor; as sensitive as a face, so its repr shows only the model.

    Attributes:
        binding: what it may be compared with.
        vector: float32 (d,), L2 norm 1, read-only.
    """

    binding: Binding
    vector: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.vector.ndim != 1 or self.vector.dtype != np.float32:
            raise ValueError("an embedding must be a float32 vector")
        if not np.isfinite(self.vector).all() or abs(float(np.linalg.norm(self.vector)) - 1.0) > 1e-3:
            raise ValueError("an embedding must be finite and of unit norm")
        self.vector.setflags(write=False)

    def __repr__(self) -> str:
        return f"Embedding({self.binding.model_id}, d={self.vector.size})"
