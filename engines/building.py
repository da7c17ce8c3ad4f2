"""Who builds engines now: one at a time a folder of models, and others can tell.

The lock is the kernel's, on the folder itself: it is gone with the process, however that ends.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from engines.cache import ModelStore
from engines.errors import EngineError


@contextmanager
def building(store: ModelStore) -> Iterator[None]:
    """Hold a folder of models while engines are built in it.

    Raises:
        EngineError: somebody else builds there, or the folder cannot be made or locked.
    """
    try:
        store.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(store.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise EngineError(
            f"the model folder {store.root} cannot be used: {error.strerror}", hint="let this user write it"
        ) from error
    try:
        _lock(handle, store)
        yield
    finally:
        os.close(handle)


def is_building(store: ModelStore) -> bool:
    """Return whether somebody builds engines in a folder of models now."""
    try:
        handle = os.open(store.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False


def _lock(handle: int, store: ModelStore) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise EngineError(
            f"engines are being built in {store.root} already",
            hint="wait for that; under systemd 'journalctl -u edge-gate-engines -f' shows it",
        ) from error
    except OSError as error:
        raise EngineError(
            f"the model folder {store.root} cannot be locked: {error.strerror}", hint="keep it on a local file system"
        ) from error
