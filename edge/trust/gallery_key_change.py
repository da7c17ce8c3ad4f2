"""A new gallery key, put in force so that a crash at any line leaves one that opens the gallery.

1. The new key is written beside the old one. 2. The database is wrapped with it. 3. It takes the old one's place.
Whoever finds a database that fits the new key and not the old one does the third step.
"""

import os
import secrets
from pathlib import Path
from typing import Final

from edge.domain.errors import StoreError, UsageError
from edge.trust.file_writing import create_private_file, sync_folder
from edge.trust.keys import GALLERY_KEY_FILE, KEY_BYTES, is_credential, make_key, read_key

NEXT_KEY_FILE: Final = f"{GALLERY_KEY_FILE}.next"


def prepare_key(folder: Path, elsewhere: Path | None) -> bytes:
    """Make the new key, durably, and return it; nothing uses it yet.

    Args:
        folder: the state folder.
        elsewhere: where the key shall lie instead of the state folder, for a credential to be made of.

    Raises:
        UsageError: the old key is a credential, which only its owner can replace; or ``elsewhere`` is there already.
        StoreError: it cannot be written.
    """
    if elsewhere is not None:
        return make_key(elsewhere)
    if is_credential(GALLERY_KEY_FILE):
        raise UsageError(
            "the gallery key is a credential of systemd, which the gate cannot replace",
            hint="give --to FILE, and make the credential of that file",
        )
    content = secrets.token_bytes(KEY_BYTES)
    try:
        (folder / NEXT_KEY_FILE).unlink(missing_ok=True)  # of an attempt that changed nothing
    except OSError as error:
        raise _unwritable(folder / NEXT_KEY_FILE, error) from error
    create_private_file(folder / NEXT_KEY_FILE, content)
    return content


def next_key(folder: Path) -> bytes | None:
    """Return the key that a change left behind half way; None when there is none.

    Raises:
        TrustError: there is one that others may read, or that is none.
    """
    path = folder / NEXT_KEY_FILE
    return read_key(path) if path.exists() else None


def enforce_key(folder: Path, *, elsewhere: bool = False) -> None:
    """Put the new key in the old one's place, which is overwritten first: old copies of the gallery need it.

    Args:
        folder: the state folder.
        elsewhere: the new key does not lie in the folder; then only the old one goes.

    Raises:
        StoreError: that failed; the gallery needs the new key all the same.
    """
    path = folder / GALLERY_KEY_FILE
    try:
        if path.exists():
            _overwrite(path)
        if elsewhere:
            path.unlink(missing_ok=True)
        else:
            (folder / NEXT_KEY_FILE).replace(path)
        sync_folder(folder)
    except OSError as error:
        raise _unwritable(path, error) from error


def _overwrite(path: Path) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.pwrite(handle, secrets.token_bytes(KEY_BYTES), 0)
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{path} cannot be written: {error.strerror}", hint="let the gate's user write to the state folder"
    )
