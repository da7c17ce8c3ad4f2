"""Centers: what a model's embeddings of all faces have in common, taken off before faces are compared.

A network's unit embeddings of faces lie in a cone about their mean. What lies along that mean says "a face", not
whose, and raises every cosine alike; taking it off and scaling to unit norm again lets the rest decide (removing the
common mean vector: Mu and Viswanath, "All-but-the-Top", ICLR 2018). A center is the mean of many people's means, so
nobody's template. ``scripts/make_centers.py`` makes the files; their hashes in the catalog are part of the recipe
that templates, thresholds and profiles are bound to.
"""

import hashlib
import io
from functools import cache
from importlib import resources

import numpy as np

from engines.catalog import ModelSpec
from engines.errors import IntegrityError
from engines.runtime.base import FloatArray

_HINT = "the centers ship with the program: install it again"


def center_of(spec: ModelSpec) -> FloatArray:
    """Return the center of a model's unit embeddings, float32 (d,), read-only; zeros when it has none.

    Raises:
        IntegrityError: the file is not there, or not the one that the catalog names.
    """
    return _read(spec.id, spec.center_sha256, spec.dimension)


@cache
def _read(model_id: str, sha256: str, dimension: int) -> FloatArray:
    center = np.zeros(dimension, np.float32) if not sha256 else _parsed(model_id, sha256)
    if center.shape != (dimension,) or center.dtype != np.float32 or not np.isfinite(center).all():
        raise IntegrityError(f"the center of {model_id} is not {dimension} finite numbers", hint=_HINT)
    center.setflags(write=False)
    return center


def _parsed(model_id: str, sha256: str) -> FloatArray:
    try:
        data = resources.files("engines").joinpath("centers", f"{model_id}.npy").read_bytes()
    except OSError as error:
        raise IntegrityError(f"the center of {model_id} cannot be read: {error}", hint=_HINT) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise IntegrityError(f"the center of {model_id} is not the one that the catalog names", hint=_HINT)
    center: FloatArray = np.load(io.BytesIO(data), allow_pickle=False)
    return center
