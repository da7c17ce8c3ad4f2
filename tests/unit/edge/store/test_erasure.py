"""Erased is erased: neither key nor ciphertext is left in any file of the gate, nor in a backup made afterwards."""

import contextlib
import datetime as dt
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.domain.embedding import Embedding
from edge.domain.errors import OtherGalleryKeyError, StoreError, TrustError
from edge.store.cipher import record_place, unseal
from edge.store.state import DATABASE_FILE, State, open_state
from edge.trust.keys import KeyRing
from tests.support.gallery_attacks import copy_database, database, put_back

Embed = Callable[..., Embedding]
_NOW = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
_NEW_KEY = bytes(range(100, 132))


def _enroll(state: State, embed: Embed, label: str, seed: int, crops: int = 3) -> str:
    return state.gallery.enroll(
        label=label,
        consent_note="form",
        created=_NOW,
        templates=[embed(seed, d=512), embed(seed + 1, d=512)],
        crops=[bytes([seed]) * 9_000 for _ in range(crops)],  # longer than a page: on pages of their own
    )


def _secrets(state: State, keys: KeyRing, subject: str, embed: Embed, seed: int) -> list[bytes]:
    """Return pieces of everything that must be gone: ciphertexts, the wrapped key, and what they hide."""
    rows = state.database.read("SELECT wrapped_key, label, consent_note FROM person WHERE subject = ?", (subject,))
    pieces = [bytes(value) for row in rows for value in row]
    for sql in ("SELECT vector FROM template WHERE subject = ?", "SELECT picture FROM crop WHERE subject = ?"):
        for (record,) in state.database.read(sql, (subject,)):
            pieces += [record[at : at + 32] for at in range(0, len(record) - 32, 1_500)]
    data_key = unseal(keys.gallery_key, pieces[0], record_place(subject, "data-key"))  # type: ignore[arg-type] # a reference
    return [*pieces, data_key, embed(seed, d=512).vector.tobytes()[:64], bytes([seed]) * 32]


def _found(folder: Path, pieces: list[bytes]) -> list[str]:
    contents = {file.name: file.read_bytes() for file in folder.iterdir()}
    return [name for name, content in contents.items() for piece in pieces if piece in content]


def test_nothing_is_left_in_files_log_and_backups(folder: Path, keys: KeyRing, embed: Embed) -> None:
    with open_state(folder, keys) as state:
        ada, bob = _enroll(state, embed, "Ada", 1), _enroll(state, embed, "Bob", 50)
        of_ada, of_bob = _secrets(state, keys, ada, embed, 1), _secrets(state, keys, bob, embed, 50)
        assert _found(folder, of_ada[:8])
        state.gallery.erase(ada)  # type: ignore[arg-type] # a reference
        assert (folder / f"{DATABASE_FILE}-wal").exists()
        assert not _found(folder, of_ada)
        assert _found(folder, of_bob[:8])
        backups = folder.parent / "backups"
        backups.mkdir()
        copy_database(folder, backups / "by-backup")
        with contextlib.closing(sqlite3.connect(folder / DATABASE_FILE)) as connection:
            connection.execute("VACUUM INTO ?", (str(backups / "by-vacuum"),))
        assert not _found(backups, of_ada)
    assert not _found(folder, of_ada)


def test_nothing_is_left_though_the_process_ends_at_once(folder: Path, keys: KeyRing, embed: Embed) -> None:
    """Deleted pages that only a checkpoint would clear: the file keeps them if the log were just left there."""
    state = open_state(folder, keys)
    ada = _enroll(state, embed, "Ada", 1)
    of_ada = _secrets(state, keys, ada, embed, 1)
    state.gallery.erase(ada)  # type: ignore[arg-type] # a reference
    assert not _found(folder, of_ada)  # before anything is closed
    state.close()


def test_an_erasure_that_cannot_clear_the_log_says_so(folder: Path, keys: KeyRing, embed: Embed) -> None:
    with open_state(folder, keys, busy_timeout_ms=20) as state:
        ada = _enroll(state, embed, "Ada", 1)
        with state.database.snapshot() as reader:
            reader.execute("SELECT count(*) FROM person").fetchone()
            with pytest.raises(StoreError, match="not yet from its log"):
                state.gallery.erase(ada)  # type: ignore[arg-type] # a reference
        assert state.gallery.people() == ()


def test_an_old_backup_opens_until_the_key_is_replaced(folder: Path, keys: KeyRing, embed: Embed) -> None:
    with open_state(folder, keys) as state:
        ada, bob = _enroll(state, embed, "Ada", 1), _enroll(state, embed, "Bob", 50)
        old = copy_database(folder, folder.parent / "old")
        of_ada = _secrets(state, keys, ada, embed, 1)
        state.gallery.erase(ada)  # type: ignore[arg-type] # a reference
        assert [p.subject for p in state.gallery.people()] == [bob]
        assert state.gallery.rekey(_NEW_KEY) == 1
        assert state.gallery.people()[0].label == "Bob"
        assert not _found(folder, of_ada)
    new = KeyRing(signer=keys.signer, gallery_key=_NEW_KEY)
    with open_state(folder, new) as state:
        assert [p.label for p in state.gallery.people()] == ["Bob"]
        state.gallery.load_templates({"sface": embed(0).binding})
    with pytest.raises(OtherGalleryKeyError):
        open_state(folder, keys)
    put_back(old, folder)
    with pytest.raises(OtherGalleryKeyError):
        open_state(folder, new)
    with database(folder) as connection:  # and not by writing over which key it says it needs
        (check,) = connection.execute("SELECT check_value FROM gallery_key").fetchone()
        connection.execute("DELETE FROM gallery_key")
    assert check
    with open_state(folder, new) as state, pytest.raises(TrustError):
        state.gallery.people()


def test_a_process_with_the_old_key_can_add_nobody(folder: Path, keys: KeyRing, embed: Embed) -> None:
    with open_state(folder, keys) as ours, open_state(folder, keys) as theirs:
        _enroll(ours, embed, "Ada", 1)
        ours.gallery.rekey(_NEW_KEY)
        with pytest.raises(OtherGalleryKeyError):
            _enroll(theirs, embed, "Bob", 50)
        assert [p.label for p in ours.gallery.people()] == ["Ada"]


def test_a_gallery_that_was_altered_is_not_wrapped_anew(folder: Path, keys: KeyRing, embed: Embed) -> None:
    with open_state(folder, keys) as state:
        ada = _enroll(state, embed, "Ada", 1)
        state.database._connection.execute("UPDATE person SET mark = NULL")
        with pytest.raises(TrustError, match=ada):
            state.gallery.rekey(_NEW_KEY)
        state.database._connection.execute("UPDATE person SET wrapped_key = zeroblob(60)")
    open_state(folder, keys).close()
