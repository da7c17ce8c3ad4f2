"""Turns SQLite's errors into the gate's own, each with what to do next."""

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
    sqlite3.SQLITE_CORRUPT: ("is damaged", "keep a copy for inspection and restore the state folder from a backup"),
    sqlite3.SQLITE_IOERR: ("cannot be read or written", "check the disk and the kernel log"),
    sqlite3.SQLITE_CONSTRAINT: ("refused a row", "run 'edge-gate check'; the database may have been altered"),
}
_OTHER = ("failed", "run 'edge-gate check', and restart the gate if that does not help")


def store_error(error: sqlite3.Error, path: Path) -> StoreError:
    """Return the ``StoreError`` for what SQLite said about the database at ``path``."""
    code = getattr(error, "sqlite_errorcode", None)
    what, hint = _OTHER if code is None else _FAULTS.get(code & _PRIMARY_CODE, _OTHER)
    return StoreError(f"the database {path} {what}: {error}", hint=hint)
