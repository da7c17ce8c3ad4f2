"""Durable writing of files: the gate's own private ones, and whole replacements of public ones."""

import errno
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from edge.domain.errors import StoreError

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def private_folder(folder: Path) -> Path:
    """Create ``folder`` with mode 0700 where it is missing, durably, and return it.

    An existing folder stays as it is, unless others may write to it: then it becomes 0700 if it is ours.

    Raises:
        StoreError: it cannot be made, is no folder, or others may write to it and it is not ours to close.
    """
    try:
        new = [place for place in (folder, *folder.parents) if not place.exists()]
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for place in new:  # what is written in there is durable only if the folder's own name is
            sync_folder(place.parent)
        found = folder.stat()
        if found.st_mode & _OTHERS_WRITE:
            if found.st_mode & stat.S_ISVTX or found.st_uid != os.geteuid():
                raise StoreError(
                    f"others may write to {folder}",
                    hint="name a folder of its own for the state, such as /var/lib/edge-gate",
                )
            folder.chmod(0o700)
    except OSError as error:
        hint = "name a folder that this user may create and write to, on a file system that is not read-only"
        raise StoreError(
            f"the folder {folder} cannot be used: {error.strerror}", hint=hint_of_room(error) or hint
        ) from error
    return folder


def hint_of_room(error: OSError) -> str:
    """Return what to do if it is room that ``error`` wants; else nothing."""
    return "free space on its file system" if error.errno in {errno.ENOSPC, errno.EDQUOT} else ""


def public_folder(folder: Path) -> Path:
    """Create ``folder`` where it is missing, with the mode that the umask allows, and return it.

    Raises:
        StoreError: it cannot be made or is no folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return folder


def create_private_file(path: Path, content: bytes) -> bool:
    """Create ``path`` with mode 0600 in one step, durably, unless it exists.

    Returns:
        False when the file was there already: it is left alone, whoever came first wins.

    Raises:
        StoreError: the folder cannot be written.
    """
    return stream_private_file(path, (content,), may_replace=False)


def stream_private_file(path: Path, chunks: Iterable[bytes], *, may_replace: bool) -> bool:
    """Write ``path`` with mode 0600 in one step, durably, piece by piece; nothing is left where ``chunks`` raises.

    Args:
        path: the file.
        chunks: its content.
        may_replace: whether a file that is there already goes.

    Returns:
        False when there was one and it was left alone.

    Raises:
        StoreError: the folder cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        try:
            _write_durably(draft, chunks, mode=0o600)
            if may_replace:
                draft.replace(path)
            else:
                os.link(draft, path)
        except FileExistsError:
            return False
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error
    return True


def move_durably(source: Path, target: Path) -> None:
    """Move a file or folder within its file system; a file that is in its place goes.

    Raises:
        StoreError: a folder cannot be written.
    """
    try:
        source.replace(target)
        sync_folder(target.parent)
        if source.parent != target.parent:
            sync_folder(source.parent)
    except OSError as error:
        raise _unwritable(target, error) from error


def remove_durably(path: Path) -> None:
    """Remove a file.

    Raises:
        StoreError: the folder cannot be written.
    """
    try:
        path.unlink()
        sync_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error


def replace_file(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write ``path`` so that a reader sees the old or the new content, never a part of it.

    Args:
        path: the file, made where missing.
        content: all of it.
        mode: of the file; 0600 for what nobody else may read.

    Raises:
        StoreError: the folder cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        try:
            _write_durably(draft, (content,), mode=mode)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error


def _write_durably(path: Path, chunks: Iterable[bytes], *, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make what was created, renamed or removed in ``folder`` durable. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{path} cannot be written: {error.strerror}",
        hint=hint_of_room(error) or "name a folder that this user may write to",
    )
