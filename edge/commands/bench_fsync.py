"""The yardsticks of ``bench messages``: how often the file system puts a row's bytes on disk in a second.

Two, for SQLite does both: its log grows by appending until the first checkpoint, and is written over from then on.
A file that grows costs many file systems a second write, of its size.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from edge.domain.clock import SystemClock
from edge.domain.errors import StoreError
from edge.trust.file_writing import hint_of_room

_ROOM_BYTES: Final = 4 * 2**20  # about what SQLite's log comes to


@dataclass(slots=True)
class SyncTally:
    """How often, and in how many seconds."""

    count: int = 0
    seconds: float = 0.0

    @property
    def per_s(self) -> float:
        """Syncs in a second."""
        return self.count / self.seconds if self.seconds else 0.0

    def __iadd__(self, other: "SyncTally") -> Self:
        """Add another measurement."""
        self.count += other.count
        self.seconds += other.seconds
        return self


def appends(folder: Path, size_bytes: int, seconds: float) -> SyncTally:
    """Append ``size_bytes`` to a new file and ``fsync`` it, again and again.

    Raises:
        StoreError: the folder cannot be written.
    """

    def append(handle: int, row: bytes, _count: int) -> None:
        os.write(handle, row)
        os.fsync(handle)

    return _measured(folder, bytes(size_bytes), seconds, append)


def overwrites(folder: Path, size_bytes: int, seconds: float) -> SyncTally:
    """Write ``size_bytes`` over what a file of four MiB holds and ``fdatasync`` it, again and again.

    Raises:
        StoreError: the folder cannot be written.
    """
    places = max(1, _ROOM_BYTES // size_bytes)

    def overwrite(handle: int, row: bytes, count: int) -> None:
        os.pwrite(handle, row, count % places * len(row))
        os.fdatasync(handle)

    return _measured(folder, bytes(size_bytes), seconds, overwrite, room_bytes=_ROOM_BYTES)


def _measured(
    folder: Path, row: bytes, seconds: float, write: Callable[[int, bytes, int], None], *, room_bytes: int = 0
) -> SyncTally:
    clock = SystemClock()
    file = folder / "syncs"
    count = 0
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            if room_bytes:
                os.pwrite(handle, bytes(room_bytes), 0)
                os.fsync(handle)
            began_ns = now_ns = clock.monotonic_ns()
            while now_ns - began_ns < seconds * 1e9:
                write(handle, row, count)
                count += 1
                now_ns = clock.monotonic_ns()
        finally:
            os.close(handle)
            file.unlink()
    except OSError as error:
        raise StoreError(
            f"{file} cannot be written: {error.strerror}",
            hint=hint_of_room(error) or "name a state folder that this user may write to",
        ) from error
    return SyncTally(count, (now_ns - began_ns) / 1e9)
