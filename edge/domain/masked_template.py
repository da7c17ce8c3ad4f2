"""What a recognizer made of the occluded copies of one enrollment picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.domain.embedding import Binding


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class MaskedTemplate:
    """The copies of one picture under one family of masks; as sensitive as a face.

    Attributes:
        binding: what they may be compared with.
        family: digest of the family of masks.
        picture: number of the enrollment picture, from 0, in the order of the person's templates.
        vectors: float32 (masks, d), unit rows; a row of NaN where no face was found again.
    """

    binding: Binding
    family: str
    picture: int
    vectors: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or self.vectors.dtype != np.float32 or not self.vectors.size:
            raise ValueError("the copies of a picture must be a float32 matrix")
        if self.picture < 0:
            raise ValueError("pictures are numbered from 0")
        norms = np.linalg.norm(self.vectors, axis=1)
        if not (np.isnan(self.vectors).all(axis=1) | (np.abs(norms - 1.0) <= 1e-3)).all():
            raise ValueError("a copy must be of unit norm, or of NaN alone where no face was found")
        self.vectors.setflags(write=False)

    def __repr__(self) -> str:
        return f"MaskedTemplate({self.binding.model_id}, picture {self.picture}, {self.vectors.shape})"
