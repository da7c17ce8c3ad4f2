"""What somebody with the disk of a stopped gate can do to its people, without its keys."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from edge.store.anchor import ANCHOR_FILE
from edge.store.migrations import APPLICATION_ID
from edge.store.state import DATABASE_FILE

TABLES = ("template", "masked_template", "crop")


@contextlib.contextmanager
def database(folder: Path) -> Iterator[sqlite3.Connection]:
    """Give the database of a stopped gate, with nothing that would hold an attacker up."""
    with contextlib.closing(sqlite3.connect(folder / DATABASE_FILE, isolation_level=None)) as connection:
        yield connection


def copy_database(folder: Path, to: Path) -> Path:
    """Copy the database alone, as it stands, and return the copy."""
    with database(folder) as connection, contextlib.closing(sqlite3.connect(to)) as copy:
        connection.backup(copy)
    return to


def put_back(copy: Path, folder: Path) -> None:
    """Put an older database in place of the one that is there."""
    for file in folder.glob(f"{DATABASE_FILE}*"):
        file.unlink()
    shutil.copyfile(copy, folder / DATABASE_FILE)
    (folder / DATABASE_FILE).chmod(0o600)


def put_person_back(copy: Path, folder: Path, subject: str) -> None:
    """Put one person's rows of an older database into the one that is there, mark and all."""
    with database(folder) as connection:
        connection.execute("ATTACH ? AS old", (str(copy),))
        connection.execute("DELETE FROM person WHERE subject = ?", (subject,))
        connection.execute("INSERT INTO person SELECT * FROM old.person WHERE subject = ?", (subject,))
        for table in TABLES:
            columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})") if name != "id"]
            names = ", ".join(columns)
            connection.execute(f"DELETE FROM {table} WHERE subject = ?", (subject,))  # noqa: S608 - fixed names
            connection.execute(
                f"INSERT INTO {table} ({names}) SELECT {names} FROM old.{table} WHERE subject = ? ORDER BY id",  # noqa: S608 - fixed names
                (subject,),
            )


def anchor(folder: Path) -> Path:
    """Return the anchor's file."""
    return folder / ANCHOR_FILE


def as_of_version_4(folder: Path) -> None:
    """Put the database in the form from before people were signed: their records stay, marks and manifest go."""
    scripts = sorted((resources.files("edge.store") / "migrations").iterdir(), key=lambda entry: entry.name)
    with database(folder) as connection:
        people = connection.execute(
            "SELECT subject, wrapped_key, label, consent_note, created FROM person"
        ).fetchall()
        templates = connection.execute("SELECT * FROM template").fetchall()
        crops = connection.execute("SELECT id, subject, nonce, picture FROM crop").fetchall()
        key = connection.execute("SELECT * FROM gallery_key").fetchall()
        chain = connection.execute("SELECT * FROM chain").fetchall()
    for file in folder.glob(f"{DATABASE_FILE}*"):
        file.unlink()
    with database(folder) as connection:
        for script in scripts[:4]:
            connection.executescript(script.read_text("utf-8"))
        connection.executemany("INSERT INTO person VALUES (?, ?, ?, ?, ?)", people)
        connection.executemany("INSERT INTO template VALUES (?, ?, ?, ?, ?, ?, ?)", templates)
        connection.executemany("INSERT INTO crop VALUES (?, ?, ?)", [(i, s, n + p) for i, s, n, p in crops])
        connection.executemany("INSERT INTO gallery_key VALUES (?, ?)", key)
        connection.executemany("INSERT INTO chain VALUES (?, ?, ?, ?)", chain)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 4")
    (folder / DATABASE_FILE).chmod(0o600)
