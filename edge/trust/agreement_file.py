"""The numbers of the agreement map: a NumPy archive beside the profile, pinned by its sha256."""

import hashlib
import io
import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.domain.errors import ConfigError, TrustError

_MOST_BYTES = 64 * 2**20


def pack_weights(weights: NDArray[np.float32]) -> tuple[bytes, str]:
    """Return the archive of ``weights``, float32 (d_source, d_target), and its sha256 in hexadecimal."""
    buffer = io.BytesIO()
    np.savez(buffer, weights=np.ascontiguousarray(_checked(weights)))
    content = buffer.getvalue()
    return content, hashlib.sha256(content).hexdigest()


def read_weights(path: Path, sha256: str) -> NDArray[np.float32]:
    """Read an archive, once, and return its read-only float32 (d_source, d_target).

    Raises:
        TrustError: it is missing or not the one that ``sha256`` pins.
        ConfigError: it holds something else than finite float32 numbers in two dimensions.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise TrustError(f"{path} cannot be read: {error.strerror}", hint="copy the whole profile folder") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise TrustError(
            f"{path} is not the file that the profile pins",
            hint="copy the whole profile folder again from where it was fitted, or fit again",
        )
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            weights = _checked(archive["weights"])
    except (ValueError, KeyError, OSError, EOFError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise ConfigError(f"{path} holds no usable map: {error}", hint="fit the profile again") from error
    weights.setflags(write=False)
    return weights


def _checked(weights: object) -> NDArray[np.float32]:
    if not isinstance(weights, np.ndarray) or weights.dtype != np.float32 or weights.ndim != 2 or not weights.size:
        raise ValueError("the agreement map must be float32 in two dimensions")
    if not np.isfinite(weights).all():
        raise ValueError("the agreement map must be finite")
    return weights
