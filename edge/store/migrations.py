"""Brings a database to the schema that this program knows, by numbered SQL files."""

import contextlib
import sqlite3
from collections.abc import Iterator
from importlib import resources

from edge.domain.errors import StoreError, TrustError

APPLICATION_ID = 0x45474154  # "EGAT": tells our databases from any other
_SCRIPTS = resources.files("edge.store") / "migrations"
_SCHEMA = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
_ALTERED_HINT = "put a backup in its place with 'edge-gate state restore', which keeps this one aside"


def refuse_foreign(connection: sqlite3.Connection) -> None:
    """Return if the database is empty or ours; to be asked before anything is changed in it.

    Raises:
        StoreError: it belongs to another program.
        sqlite3.Error: SQLite failed.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION_ID and (application or objects):
        raise StoreError("the database belongs to another program", hint="name another state folder")


def migrate(connection: sqlite3.Connection) -> None:
    """Apply, in one transaction, every migration that the database lacks. ``PRAGMA user_version`` counts them.

    Raises:
        StoreError: the database is of a newer version of this program.
        TrustError: it says a version that none ever had.
        sqlite3.Error: SQLite failed; nothing was changed.
    """
    scripts = _numbered_scripts()
    if _version(connection, known=len(scripts)) == len(scripts):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have migrated while this one waited for its turn.
        for number in range(_version(connection, known=len(scripts)), len(scripts)):
            for statement in _statements(scripts[number]):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(scripts)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def refuse_altered(connection: sqlite3.Connection) -> None:
    """Return if tables, indexes and triggers are those that the migrations make, to the letter.

    A table that is missing would be noticed only when it is needed, a trigger that is missing never.

    Raises:
        TrustError: something is missing, altered or added.
        sqlite3.Error: SQLite failed.
    """
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        for script in _numbered_scripts():
            for statement in _statements(script):
                fresh.execute(statement)
        made = {(kind, name): sql for kind, name, sql in fresh.execute(_SCHEMA)}
    found = {(kind, name): sql for kind, name, sql in connection.execute(_SCHEMA)}
    for which, what in (
        (made.keys() - found.keys(), "is missing"),
        (found.keys() - made.keys(), "is not the gate's"),
        ({key for key in made.keys() & found.keys() if made[key] != found[key]}, "was altered"),
    ):
        if which:
            kind, name = min(which, key=lambda key: (key[0] != "table", key))
            raise TrustError(f"the database was altered: {kind} {name!r} {what}", hint=_ALTERED_HINT)


def _version(connection: sqlite3.Connection, *, known: int) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > known:
        raise StoreError(
            f"the database has schema {version}, this program knows {known} at most",
            hint="run the newer version of edge-gate that wrote it, or restore an older backup",
        )
    has_tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() != (0,)
    if version < 0 or (version == 0 and has_tables):
        raise TrustError(f"the database was altered: it says schema {version}", hint=_ALTERED_HINT)
    return int(version)


def _numbered_scripts() -> list[str]:
    names = sorted(entry.name for entry in _SCRIPTS.iterdir() if entry.name.endswith(".sql"))
    if [int(name[:4]) for name in names] != list(range(1, len(names) + 1)):
        raise StoreError("migrations are missing from this installation", hint="install edge-gate again")
    return [(_SCRIPTS / name).read_text(encoding="utf-8") for name in names]


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
