"""The gate's own keys, from files that nobody else can read."""

import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from edge.domain.errors import TrustError, UsageError
from edge.trust.file_writing import create_private_file, private_folder
from edge.trust.signing import Signer

KEY_BYTES = 32
SIGNING_KEY_FILE = "signing.key"
GALLERY_KEY_FILE = "gallery.key"
_CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"
_OWNER_ALONE = stat.S_IRUSR | stat.S_IWUSR
# systemd grants the unit's user its credentials by an ACL, which shows as group read.
_CREDENTIAL_MODES = _OWNER_ALONE | stat.S_IRGRP


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys a gate lives with.

    Attributes:
        signer: signs events.
        gallery_key: 32 bytes that wrap the data key of every enrolled person.
    """

    signer: Signer
    gallery_key: bytes = field(repr=False)

    @staticmethod
    def open(folder: Path, *, is_new: bool = False) -> "KeyRing":
        """Read the keys: from ``$CREDENTIALS_DIRECTORY`` (systemd) where it has them, else from ``folder``.

        Files ``signing.key`` and ``gallery.key``, each 32 raw bytes. A missing key is made, mode 0600, only where the
        gate begins (``is_new``: the folder holds no state yet). Later a key that is gone is a fault: a new one would
        open nothing that the old one closed.

        Raises:
            TrustError: a key is missing, has the wrong size, or others may read it.
            StoreError: a key cannot be made because the folder cannot be written.
        """
        return KeyRing(
            signer=Signer(_read_or_make(folder, SIGNING_KEY_FILE, may_make=is_new)),
            gallery_key=_read_or_make(folder, GALLERY_KEY_FILE, may_make=is_new),
        )


def make_key(path: Path) -> bytes:
    """Make a key of 32 random bytes in the new file ``path``, mode 0600, and return it.

    Raises:
        UsageError: there is such a file already: a key is never overwritten.
        StoreError: the folder is not there or cannot be written.
    """
    content = secrets.token_bytes(KEY_BYTES)
    if not create_private_file(path, content):
        raise UsageError(f"{path} is there already", hint="name a new file, or use the key that is there")
    return content


def read_key(path: Path) -> bytes:
    """Return the 32 raw bytes of a key that a person keeps in a file that nobody else can read.

    Raises:
        TrustError: it cannot be read, has the wrong size, or others may read it.
    """
    return _read(path, allowed=_OWNER_ALONE)


def is_credential(name: str) -> bool:
    """Return whether systemd gives a key to this process as a credential."""
    credentials = os.environ.get(_CREDENTIALS_VARIABLE)
    return bool(credentials) and (Path(credentials or "") / name).exists()


def _read_or_make(folder: Path, name: str, *, may_make: bool) -> bytes:
    credentials = os.environ.get(_CREDENTIALS_VARIABLE)
    if credentials and (path := Path(credentials) / name).exists():
        return _read(path, allowed=_CREDENTIAL_MODES)
    path = folder / name
    if not path.exists():
        if not may_make:
            raise TrustError(
                f"the key {path} is missing",
                hint=f"provision {KEY_BYTES} random bytes there, mode 0600, or as the systemd credential {name!r}",
            )
        create_private_file(private_folder(folder) / name, secrets.token_bytes(KEY_BYTES))
    return _read(path, allowed=_OWNER_ALONE)


def _read(path: Path, *, allowed: int) -> bytes:
    try:
        # No link is followed: whoever may write to the folder must not choose which file is the key.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(file.fileno())
            content = file.read(KEY_BYTES + 1)
            folder_owner = path.parent.stat().st_uid
    except OSError as error:
        raise TrustError(
            f"the key {path} cannot be read: {error.strerror}",
            hint="let the gate's user, and nobody else, read it; a link is refused",
        ) from error
    mode = found.st_mode
    if not _is_ours(found.st_uid, folder_owner):
        raise TrustError(
            f"the key {path} belongs to another user",
            hint="who owns it may exchange it: chown it to the gate's user, or replace the key if they were there",
        )
    if not stat.S_ISREG(mode) or stat.S_IMODE(mode) & ~allowed:
        raise TrustError(
            f"the key {path} has mode {stat.S_IMODE(mode):04o}",
            hint="replace the key if others may have read it, then chmod 600",
        )
    if len(content) != KEY_BYTES:
        raise TrustError(
            f"the key {path} is not {KEY_BYTES} bytes long",
            hint="put the right key back from your copy; with another gallery key all people must be enrolled again",
        )
    return content


def _is_ours(owner: int, folder_owner: int) -> bool:
    """Whether a key's owner may be one: this user, root, or, asked by root, whose folder it is."""
    us = os.geteuid()
    return owner in {us, 0} or (us == 0 and owner == folder_owner)
