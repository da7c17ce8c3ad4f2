"""A folder for what is as good as code: nobody but its owner may have written there."""

import os
import stat
from pathlib import Path

from engines.errors import EngineError, IntegrityError

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def make_private(folder: Path) -> None:
    """Make a folder that its owner alone can open, if it is not there; then see to it that it is one.

    Raises:
        EngineError: it cannot be made.
        IntegrityError: others may write there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise EngineError(
            f"{folder} cannot be made: {error.strerror}", hint="run as the owner of the model folder"
        ) from error
    require_private(folder)


def require_private(folder: Path) -> None:
    """Return if nobody but this user and root can put a file there.

    Raises:
        EngineError: it is not there.
        IntegrityError: somebody else owns it or may write to it, or a folder above lets anybody exchange it.
    """
    try:
        _require_own(folder, folder.lstat())
        for above in {*folder.absolute().parents, *folder.resolve().parents}:
            found = above.stat()
            if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
                raise IntegrityError(
                    f"anybody may exchange what lies in {above}", hint=f"run 'chmod o-w {above}', then build again"
                )
    except OSError as error:
        raise EngineError(
            f"{folder} cannot be read: {error.strerror}", hint="run 'edge-gate engines build'"
        ) from error


def read_private(path: Path, most_bytes: int) -> bytes:
    """Return the bytes of a file that nobody but this user and root can have written.

    Raises:
        OSError: it is not there or cannot be read.
        IntegrityError: it is no plain file, too large, or somebody else may write to it.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        _require_own(path, found)
        if not stat.S_ISREG(found.st_mode) or found.st_size > most_bytes:
            raise IntegrityError(f"{path} is no file of this kind", hint=f"delete {path}, then build again")
        return file.read()


def _require_own(path: Path, found: os.stat_result) -> None:
    if found.st_uid not in {0, os.geteuid()}:
        raise IntegrityError(
            f"{path} belongs to another user", hint="build as the user that runs the gate, in a folder of its own"
        )
    if stat.S_ISLNK(found.st_mode) or found.st_mode & _OTHERS_WRITE:
        raise IntegrityError(
            f"others may write to {path}", hint=f"run 'chmod go-w {path}', then 'edge-gate engines build --force'"
        )
