"""Keeps what was computed of pictures, so that a pass that was stopped goes on and a second one costs nothing.

What is kept is found by the picture's content and by everything that went into the numbers: another model, crop,
view, precision or simulated camera is another entry. Embeddings of faces are biometric data: the folder is readable
by its owner alone, and may be deleted at any time.
"""

import hashlib
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.domain.errors import StoreError
from edge.trust.canonical import canonical_json
from engines.cache import user_cache

Arrays = Mapping[str, NDArray[Any]]

_OWNER_ALONE = 0o700


def default_folder() -> Path:
    """Return the user's cache folder for embeddings."""
    return user_cache() / "embeddings"


class EmbeddingCache:
    """A folder of arrays, one file an entry.

    Args:
        folder: made, readable by its owner alone, when first written to.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @staticmethod
    def key(pixels: NDArray[np.uint8], recipe: Mapping[str, Any]) -> str:
        """Return the name of an entry.

        Args:
            pixels: uint8 (h, w, 3), the picture as the models are shown it.
            recipe: everything else that the numbers depend on, as JSON has it.
        """
        digest = hashlib.sha256(repr(pixels.shape).encode())
        digest.update(pixels.tobytes())
        digest.update(canonical_json(dict(recipe)))
        return digest.hexdigest()

    def find(self, key: str) -> Arrays | None:
        """Return an entry's arrays, or None when it is not there or not whole."""
        try:
            with self._path(key).open("rb") as file, np.load(file, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            return None

    def keep(self, key: str, arrays: Arrays) -> None:
        """Write an entry, whole or not at all.

        Raises:
            StoreError: the folder cannot be written.
        """
        path = self._path(key)
        try:
            self._folder.mkdir(mode=_OWNER_ALONE, parents=True, exist_ok=True)
            path.parent.mkdir(mode=_OWNER_ALONE, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                np.savez(file, allow_pickle=False, **dict(arrays))
            Path(file.name).replace(path)
        except OSError as error:
            raise StoreError(
                f"{self._folder} cannot be written: {error.strerror}",
                hint="free space, or name another folder with --cache",
            ) from error

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key[2:]}.npz"
