"""Turns SQLite's errors into the gate's own, each with what to do next."""

import os
import sqlite3
from pathlib import Path

from edge.domain.errors import StoreError

_PRIMARY_CODE = 0xFF

_FAULTS = {
    sqlite3.SQLITE_READONLY: ("is read-only", "mount the file system for writing, or name another state folder"),
    sqlite3.SQLITE_PERM: ("may not be used by this user", "run as the gate's user, or name another state folder"),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "name a state folder that this user may create and write to"),
    sqlite3.SQLITE_FULL: ("has no room left", "free space on the state folder's file system"),
    sqlite3.SQLITE_BUSY: ("is locked", "another process holds the state folder: wait, or stop it"),
    sqlite3.SQLITE_LOCKED: ("is locked", "another process holds the state folder: wait, or stop it"),
    sqlite3.SQLITE_NOTADB: ("is not a database", "move the file away, or name another state folder"),
    sqlite3.SQLITE_CORRUPT: (
        "is damaged",
        "put a backup in its place with 'edge-gate state restore', which keeps this one aside",
    ),
    sqlite3.SQLITE_IOERR: ("cannot be read or written", "check the disk, this user's quota and the kernel log"),
    sqlite3.SQLITE_CONSTRAINT: ("refused a row", "run 'edge-gate check'; the database may have been altered"),
}
# SQLite says "full" only where a write fails for want of room. Elsewhere (the index of the log, a sync, a new file)
# it says the same as of a broken disk, so that the file system itself must be asked.
_WANT_ROOM = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_DIR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_CLOSE,
    sqlite3.SQLITE_IOERR_SHMOPEN,
    sqlite3.SQLITE_IOERR_SHMSIZE,
    sqlite3.SQLITE_IOERR_SHMMAP,
    sqlite3.SQLITE_IOERR_MMAP,
    sqlite3.SQLITE_IOERR_GETTEMPPATH,
    sqlite3.SQLITE_IOERR_COMMIT_ATOMIC,
}
_LEAST_ROOM_BYTES = 256 * 1024
"""What a log and its index need at the least to begin."""
_OTHER = ("failed", "run 'edge-gate check', and restart the gate if that does not help")


def store_error(error: sqlite3.Error, path: Path) -> StoreError:
    """Return the ``StoreError`` for what SQLite said about the database at ``path``."""
    code = getattr(error, "sqlite_errorcode", None)
    what, hint = _OTHER if code is None else _FAULTS.get(code & _PRIMARY_CODE, _OTHER)
    if code in _WANT_ROOM and not _has_room(path.parent):
        what, hint = _FAULTS[sqlite3.SQLITE_FULL]
    return StoreError(f"the database {path} {what}: {error}", hint=hint)


def _has_room(folder: Path) -> bool:
    """Return whether the file system has some bytes and a file left for this user; when in doubt it has."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return True
    has_files = found.f_files == 0 or found.f_favail > 0  # some file systems count no files
    return has_files and found.f_bavail * found.f_frsize >= _LEAST_ROOM_BYTES
