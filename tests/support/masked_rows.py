"""Occluded templates of made-up embeddings."""

import numpy as np
from numpy.typing import NDArray

from edge.domain.embedding import Binding
from edge.domain.mask_family import MaskFamily
from edge.domain.masked_template import MaskedTemplate


def unit_rows(seed: int, count: int, dimensions: int) -> NDArray[np.float32]:
    """Return random unit rows, float32 (count, dimensions)."""
    rows = np.random.default_rng(seed).normal(size=(count, dimensions))
    unit: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def masked(number: int, family: MaskFamily, binding: Binding, *, dimensions: int = 8) -> MaskedTemplate:
    """Return what the copies of the picture of a number became."""
    rows = unit_rows(number, len(family.masks), dimensions)
    return MaskedTemplate(binding=binding, family=family.digest, picture=number, vectors=rows)
