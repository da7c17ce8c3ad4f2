"""One daemon a state folder: two would interleave their decisions and sign with one key under two boot ids.

The lock is the kernel's, on the folder itself: it is gone with the process, however that ends, and no file is left
that somebody could delete from under it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.domain.errors import StoreError
from edge.trust.file_writing import private_folder


@contextmanager
def sole_daemon(folder: Path) -> Iterator[None]:
    """Hold the state folder for the one daemon that may use it; commands beside it need no lock.

    Args:
        folder: the state folder; made where missing.

    Raises:
        StoreError: another daemon holds it, or its file system cannot lock.
    """
    try:
        handle = os.open(private_folder(folder), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise StoreError(
            f"the state folder {folder} cannot be opened: {error.strerror}", hint="let the gate's user read it"
        ) from error
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StoreError(
            f"another 'edge-gate run' holds the state folder {folder}",
            hint="stop it ('systemctl stop edge-gate' where it is a unit), or give this one a folder with --state",
        ) from error
    except OSError as error:
        raise StoreError(
            f"the state folder {folder} cannot be locked: {error.strerror}", hint="keep it on a local file system"
        ) from error
