"""One SQLite file, one writer connection.

Thread rule: a ``Database`` may be used from any thread. Its one connection is guarded by a lock, held for a whole
transaction, so transactions of one process queue up here and those of several processes queue up in SQLite.
"""

import contextlib
import os
import re
import sqlite3
import stat
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self, final

from edge.domain.errors import EdgeError, StoreError, TrustError
from edge.store.migrations import migrate, refuse_altered, refuse_foreign
from edge.store.sqlite_faults import store_error
from edge.trust.file_writing import hint_of_room, private_folder

BUSY_TIMEOUT_MS = 5_000
# What a sound file says of a value that its own schema forbids: no fault of a disk does that.
_FOREIGN_VALUE = re.compile(r"^(non-\w+|NULL) value in |^CHECK constraint failed in ")
Row = tuple[Any, ...]  # SQLite's own types; every query's caller knows its columns


@final
class Database:
    """An open, checked and migrated database.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._file = _file_of(path)
        self._lock = threading.RLock()
        self._is_in_transaction = False

    @classmethod
    def open(cls, path: Path, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Self:
        """Open ``path``, made with mode 0600 in a folder of mode 0700 where missing; check and migrate it.

        Args:
            path: the database file.
            busy_timeout_ms: how long to wait for another process's transaction.

        Raises:
            StoreError: the folder or file cannot be used, is locked, damaged, no database of ours, or too new.
            TrustError: its tables, indexes or triggers are not those that this program made.
        """
        private_folder(path.parent)
        _private_file(path)
        try:
            connection = sqlite3.connect(
                path, timeout=busy_timeout_ms / 1_000, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise store_error(error, path) from error
        connection.text_factory = _text
        try:
            _prepare(connection)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            connection.close()
            raise _fault(error, path) from error
        except BaseException:
            connection.close()
            raise
        return cls(path, connection)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run the block in one write transaction: all of it is durable when the block ends, or none of it.

        Raises:
            StoreError: SQLite failed, or the thread is inside a transaction already; nothing was changed.
        """
        with self._lock:
            if self._is_in_transaction:
                raise StoreError("a transaction cannot hold another", hint="report this as a defect of edge-gate")
            self._is_in_transaction = True
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except (sqlite3.Error, UnicodeDecodeError) as error:
                self._roll_back()
                raise _fault(error, self.path) from error
            except BaseException:
                self._roll_back()
                raise
            finally:
                self._is_in_transaction = False

    def read(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Return all rows of one SELECT.

        Raises:
            StoreError: SQLite failed.
        """
        with self._lock:
            try:
                return self._connection.execute(sql, parameters).fetchall()
            except (sqlite3.Error, UnicodeDecodeError) as error:
                raise _fault(error, self.path) from error

    def changes(self) -> int:
        """Return a number that differs from the last call's whenever another connection has committed since.

        Raises:
            StoreError: SQLite failed.
        """
        ((version,),) = self.read("PRAGMA data_version")
        return int(version)

    def is_in_place(self) -> bool:
        """Whether the file that is open still lies at ``path``: not moved, removed or exchanged for another."""
        return self._file is not None and _file_of(self.path) == self._file

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Give a read-only connection that sees one moment, without holding up the writer.

        Raises:
            StoreError: SQLite failed.
        """
        try:
            with contextlib.closing(
                sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
            ) as connection:
                connection.text_factory = _text
                connection.execute("BEGIN")
                yield connection
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise _fault(error, self.path) from error

    def copy_to(self, path: Path) -> None:
        """Write the database as it is at one moment into the new file ``path``, without holding up the writer.

        Raises:
            StoreError: SQLite failed, or the file cannot be written.
        """
        _private_file(path)
        with self.snapshot() as source:
            try:
                with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as target:
                    source.backup(target)
            except sqlite3.Error as error:
                raise store_error(error, path) from error

    def scrub(self) -> None:
        """Empty the write-ahead log, where deleted pages live on. The file itself overwrites what it deletes.

        Raises:
            StoreError: another process is reading, so that the log must stay for now.
        """
        (row,) = self.read("PRAGMA wal_checkpoint(TRUNCATE)")
        if row[0]:
            raise StoreError(
                "what was deleted is gone from the database, but not yet from its log, which is being read",
                hint="stop the other edge-gate processes and run any command: the last one to end empties the log",
            )

    def close(self) -> None:
        """Close the connection; every later call raises ``StoreError``."""
        with self._lock:
            self._connection.close()

    def _roll_back(self) -> None:
        # SQLite has rolled back by itself after some errors, and a closed connection has nothing to roll back.
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")


def _file_of(path: Path) -> tuple[int, int] | None:
    """Return which file lies at ``path``: device and inode; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _text(raw: bytes) -> str:
    """Return a stored text. SQLite keeps any bytes as text; we only ever write UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise altered("a text is not UTF-8") from error


def _fault(error: sqlite3.Error | UnicodeDecodeError, path: Path) -> EdgeError:
    """Return the fault for what SQLite said, which is no text at all where it quotes a schema that is none."""
    return store_error(error, path) if isinstance(error, sqlite3.Error) else altered("its schema is not UTF-8")


def altered(what: str) -> TrustError:
    """Return the fault of a stored value that this program never writes."""
    return TrustError(
        f"the database was altered: {what}",
        hint="put a backup in its place with 'edge-gate state restore', which keeps this one aside",
    )


def _private_file(path: Path) -> None:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            if stat.S_IMODE(os.fstat(handle).st_mode) & ~(stat.S_IRUSR | stat.S_IWUSR):
                os.fchmod(handle, 0o600)
        finally:
            os.close(handle)
    except OSError as error:
        raise StoreError(
            f"the database {path} cannot be opened for writing: {error.strerror}",
            hint=hint_of_room(error) or "name a state folder that this user may create and write to",
        ) from error


def _prepare(connection: sqlite3.Connection) -> None:
    refuse_foreign(connection)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")
    # WAL with FULL syncs the log at every commit; NORMAL may lose the last commits when the power goes.
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreError("the file system cannot hold a write-ahead log", hint="use a local file system")
    connection.execute("PRAGMA synchronous = FULL")
    (finding,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if _FOREIGN_VALUE.search(finding):
        raise altered(finding)
    if finding != "ok":
        raise StoreError(
            f"the database is damaged: {finding}",
            hint="put a backup in its place with 'edge-gate state restore', which keeps this one aside",
        )
    migrate(connection)
    refuse_altered(connection)
    orphan = connection.execute("PRAGMA foreign_key_check").fetchone()
    if orphan is not None:
        raise altered(f"a row of {orphan[0]} belongs to no row of {orphan[2]}")
