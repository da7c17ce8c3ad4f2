import contextlib
import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import pytest

from edge.domain.errors import StoreError
from edge.store.database import Database
from edge.store.migrations import APPLICATION_ID
from edge.store.state import DATABASE_FILE

NEWEST = sum(1 for entry in (resources.files("edge.store") / "migrations").iterdir() if entry.name.endswith(".sql"))


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / DATABASE_FILE


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Database]:
    database = Database.open(path, busy_timeout_ms=20)
    try:
        yield database
    finally:
        database.close()


@contextlib.contextmanager
def _raw(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def _refused(path: Path) -> StoreError:
    with pytest.raises(StoreError) as caught, _opened(path):
        pass
    assert caught.value.hint
    assert caught.value.exit_code == 5
    return caught.value


def test_a_new_database_is_private_durable_and_ours(path: Path) -> None:
    with _opened(path) as database:
        assert database.read("PRAGMA synchronous") == [(2,)]
        assert database.read("PRAGMA journal_mode") == [("wal",)]
        assert database.read("PRAGMA foreign_keys") == [(1,)]
        assert database.read("PRAGMA secure_delete") == [(1,)]
        assert database.read("PRAGMA application_id") == [(APPLICATION_ID,)]
        assert database.read("PRAGMA user_version") == [(NEWEST,)]
        strict = database.read("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'")
        assert all(is_strict for name, is_strict in strict if not name.startswith("sqlite_"))
        with database.transaction() as connection:
            connection.execute("INSERT INTO gallery_key VALUES (1, x'00')")
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_opening_again_keeps_what_was_written(path: Path) -> None:
    with _opened(path) as database, database.transaction() as connection:
        connection.execute("INSERT INTO gallery_key VALUES (1, x'07')")
    path.chmod(0o644)
    with _opened(path) as database:
        assert database.read("SELECT check_value FROM gallery_key") == [(b"\7",)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_failed_transaction_leaves_nothing(path: Path) -> None:
    with _opened(path) as database:

        def insert(then: Callable[[sqlite3.Connection], object]) -> None:
            with database.transaction() as connection:
                connection.execute("INSERT INTO gallery_key VALUES (1, x'07')")
                then(connection)

        def interrupt(_: sqlite3.Connection) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            insert(interrupt)
        assert database.read("SELECT * FROM gallery_key") == []
        with pytest.raises(StoreError, match="refused a row"):
            insert(lambda connection: connection.execute("INSERT INTO gallery_key VALUES (2, x'07')"))
        assert database.read("SELECT * FROM gallery_key") == []


def test_transactions_do_not_nest(path: Path) -> None:
    with _opened(path) as database, database.transaction() as connection:
        connection.execute("INSERT INTO gallery_key VALUES (1, x'07')")
        with pytest.raises(StoreError, match="another"), database.transaction():
            pass
        assert connection.in_transaction


def test_a_snapshot_sees_one_moment_and_cannot_write(path: Path) -> None:
    with _opened(path) as database:
        with database.snapshot() as snapshot:
            assert snapshot.execute("SELECT count(*) FROM gallery_key").fetchone() == (0,)
            with database.transaction() as connection:
                connection.execute("INSERT INTO gallery_key VALUES (1, x'07')")
            assert snapshot.execute("SELECT count(*) FROM gallery_key").fetchone() == (0,)
        with pytest.raises(StoreError, match="read-only"), database.snapshot() as snapshot:
            snapshot.execute("DELETE FROM gallery_key")


def test_a_closed_database_is_a_store_fault(path: Path) -> None:
    with _opened(path) as database:
        pass
    with pytest.raises(StoreError):
        database.read("SELECT 1")
    with pytest.raises(StoreError), database.transaction():
        pass
    database.close()


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to have a header" * 40, b"SQLite format 4\0" * 64]
)
def test_a_file_that_is_no_database_is_refused_and_kept(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    assert "not a database" in str(_refused(path))
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_refused_and_kept(path: Path) -> None:
    path.parent.mkdir()
    with _raw(path) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    content = path.read_bytes()
    assert "another program" in str(_refused(path))
    with _raw(path) as connection:
        connection.execute("PRAGMA user_version = 1")
    assert "another program" in str(_refused(path))
    assert len(path.read_bytes()) == len(content)


def test_a_newer_schema_is_refused(path: Path) -> None:
    with _opened(path):
        pass
    with _raw(path) as connection:
        connection.execute(f"PRAGMA user_version = {NEWEST + 1}")
    assert "newer" in _refused(path).hint


def test_a_truncated_database_is_refused(path: Path) -> None:
    with _opened(path):
        pass
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    _refused(path)


def test_a_damaged_page_is_found_when_opening(path: Path) -> None:
    with _opened(path) as database:
        ((page_bytes,),) = database.read("PRAGMA page_size")
        ((root,),) = database.read("SELECT rootpage FROM sqlite_schema WHERE name = 'audit'")
    content = bytearray(path.read_bytes())
    content[(root - 1) * page_bytes : root * page_bytes] = bytes(page_bytes)
    path.write_bytes(bytes(content))
    assert "damaged" in str(_refused(path))


def test_a_failed_migration_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "edge.store.migrations._numbered_scripts", lambda: ["CREATE TABLE a (b);\nCREATE TABLE a (b);"]
    )
    _refused(path)
    with _raw(path) as connection:
        assert connection.execute("SELECT * FROM sqlite_schema").fetchall() == []
        assert connection.execute("PRAGMA user_version").fetchone() == (0,)


def test_a_locked_database_is_refused_and_then_not(path: Path) -> None:
    with _opened(path) as database, _raw(path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked") as caught, database.transaction():
            pass
        assert "another process" in caught.value.hint
        other.execute("ROLLBACK")
        with database.transaction():
            pass


@pytest.mark.parametrize("below", ["a-file/state", "a-folder", "/proc/egate"])
def test_a_folder_that_cannot_hold_a_database_is_refused(tmp_path: Path, below: str) -> None:
    (tmp_path / "a-file").touch()
    (tmp_path / "a-folder" / DATABASE_FILE).mkdir(parents=True)
    _refused(tmp_path / below / DATABASE_FILE)


def test_a_link_in_place_of_the_database_is_refused(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")
    _refused(path)
    assert not (tmp_path / "elsewhere").exists()


@contextlib.contextmanager
def _unprivileged(folder: Path) -> Iterator[None]:
    """Give ``folder`` to a user whom file modes bind, and be that user: root may write everywhere."""
    if os.geteuid() != 0:
        yield
        return
    nobody = 65_534
    for entry in (folder, *folder.iterdir()):
        os.chown(entry, nobody, nobody)
    os.seteuid(nobody)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("exists", [False, True])
def test_a_read_only_folder_is_refused(exists: bool) -> None:
    folder = Path(tempfile.mkdtemp())  # not tmp_path: only its owner may enter that
    try:
        if exists:
            with _opened(folder / DATABASE_FILE):
                pass
        with _unprivileged(folder):
            for entry in folder.iterdir():
                entry.chmod(0o400)
            folder.chmod(0o500)
            assert "cannot be opened for writing" in str(_refused(folder / DATABASE_FILE))
            folder.chmod(0o700)
    finally:
        shutil.rmtree(folder)


def test_a_folder_that_became_read_only_is_a_store_fault(path: Path) -> None:
    with _opened(path) as database:
        database.read("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match="read-only") as caught, database.transaction() as connection:
            connection.execute("INSERT INTO gallery_key VALUES (1, x'07')")
        assert "writing" in caught.value.hint


def test_scrubbing_empties_the_log(path: Path) -> None:
    log = path.with_name(path.name + "-wal")
    with _opened(path) as database:
        with database.transaction() as connection:
            connection.execute("INSERT INTO gallery_key VALUES (1, x'07')")
        assert log.stat().st_size > 0
        database.scrub()
        assert log.stat().st_size == 0


def test_a_log_that_is_being_read_cannot_be_scrubbed(path: Path) -> None:
    with _opened(path) as database, database.snapshot() as snapshot:
        snapshot.execute("SELECT * FROM gallery_key").fetchall()
        with database.transaction() as connection:
            connection.execute("INSERT INTO gallery_key VALUES (1, x'07')")
        with pytest.raises(StoreError, match="log") as caught:
            database.scrub()
        assert caught.value.hint
