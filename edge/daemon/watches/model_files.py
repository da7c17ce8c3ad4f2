"""Whether the model files on disk are still the catalog's.

The engines of a running gate live in memory, so a file that is exchanged does nothing until the next start, which
would refuse it. But whoever exchanges it is there now, and that is when it must be told.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from edge.domain.errors import EdgeError, TrustError
from engines.cache import read_proven
from engines.errors import EngineError

_Stamp = tuple[int, int, int, int]


class ModelFilesWatch:
    """A ``Watch`` of files: their inode, size and times at each look, their hash whenever one of those changed.

    The time of an inode's change cannot be set back by a program that writes the file.

    Args:
        files: sha256 in hexadecimal, by file.
    """

    def __init__(self, files: Mapping[Path, str]) -> None:
        self._files = dict(files)
        self._stamps: dict[Path, _Stamp | None] = {}
        self._faults: dict[Path, EdgeError] = {}
        self()

    def __call__(self) -> EdgeError | None:
        """Return the fault of the first file that is not what it was, until it is again."""
        for file, sha256 in self._files.items():
            stamp = _stamp(file)
            if stamp != self._stamps.get(file, ()):
                self._stamps[file] = stamp
                self._look(file, sha256)
        return next(iter(self._faults.values()), None)

    def _look(self, file: Path, sha256: str) -> None:
        self._faults.pop(file, None)
        try:
            read_proven(file, sha256)
        except EngineError as error:
            self._faults[file] = TrustError(f"a model was exchanged while the gate runs: {error}", hint=error.hint)


def _stamp(file: Path) -> _Stamp | None:
    try:
        found = os.stat(file)  # noqa: PTH116 - follows links, as whoever loads the model does
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
