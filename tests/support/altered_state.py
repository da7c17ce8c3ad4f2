"""A state folder's database, altered behind the gate's back, its schema left as it was."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from edge.store.state import DATABASE_FILE

GARBAGE = ("", "\0" * 40, "9" * 5_000, b"\xff\xfe", b"x" * 40, -1, 2**63 - 1, 0.5)
"""Of every type that SQLite keeps; ``b"\\xff\\xfe"`` goes into texts as bytes that are no UTF-8."""


def columns(folder: Path) -> list[tuple[str, str]]:
    """Return every (table, column) of the gate's own."""
    with _opened(folder) as connection:
        return [
            (table, column)
            for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
            for _, column, *_ in connection.execute(f"PRAGMA table_info({table})")
        ]


def alter(folder: Path, table: str, column: str, value: object) -> None:
    """Set a column of one row; the table forgets for the moment that it is strict, and all triggers are put back."""
    with _opened(folder) as connection:
        schema = connection.execute("SELECT name, sql FROM sqlite_schema").fetchall()
        triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        _rewrite(connection, [(name, sql.replace(") STRICT", ")")) for name, sql in schema if sql])
    with _opened(folder) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        place = "CAST(? AS TEXT)" if isinstance(value, bytes) and _is_text(connection, table, column) else "?"
        first = f"(SELECT min(rowid) FROM {table})"  # noqa: S608 - our own tables
        with contextlib.suppress(sqlite3.IntegrityError):  # not even SQLite takes it: nothing is altered then
            connection.execute(f"UPDATE {table} SET {column} = {place} WHERE rowid = {first}", (value,))  # noqa: S608 - likewise
        for _, sql in triggers:
            connection.execute(sql)
        _rewrite(connection, [(name, sql) for name, sql in schema if sql])


def _is_text(connection: sqlite3.Connection, table: str, column: str) -> bool:
    return (column, "TEXT") in {
        (name, kind) for _, name, kind, *_ in connection.execute(f"PRAGMA table_info({table})")
    }


def _rewrite(connection: sqlite3.Connection, schema: list[tuple[str, str]]) -> None:
    connection.execute("PRAGMA writable_schema = ON")
    connection.executemany("UPDATE sqlite_schema SET sql = ? WHERE name = ?", ((sql, name) for name, sql in schema))
    connection.execute("PRAGMA writable_schema = RESET")


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(folder / DATABASE_FILE, isolation_level=None)) as connection:
        yield connection
