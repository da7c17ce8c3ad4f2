"""Whatever is written into the database behind the gate's back is refused as an alteration, or changes nothing."""

import contextlib
import datetime as dt
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.domain.certificate import Alignment
from edge.domain.embedding import Embedding
from edge.domain.errors import EdgeError, TrustError
from edge.domain.event import EventKind
from edge.domain.mask_family import MaskFamily
from edge.store.state import DATABASE_FILE, open_state
from edge.trust.keys import KeyRing
from tests.support import patch_certificates
from tests.support.altered_state import GARBAGE, alter, columns
from tests.support.masked_rows import masked
from tests.unit.edge.store.conftest import Build

PARSED = [
    ("chain", "head_seq"),
    ("chain", "head_hash"),
    ("audit", "hash"),
    ("outbox", "kind"),
    ("outbox", "priority"),
    ("gallery_key", "check_value"),
    *(("person", column) for column in ("subject", "wrapped_key", "label", "consent_note", "created")),
    *(("template", column) for column in ("model_id", "model_digest", "recipe_digest", "precision_class", "vector")),
    ("crop", "picture"),
    *(("masked_template", column) for column in ("family", "picture", "model_id", "model_digest", "recipe_digest")),
    *(("masked_template", column) for column in ("precision_class", "vectors")),
]
FAMILY = MaskFamily(model_id="sface", alignment=Alignment.GIVEN, masks=patch_certificates.MASKS)


@pytest.fixture
def filled(folder: Path, keys: KeyRing, build: Build, embed: Callable[..., Embedding]) -> Path:
    with open_state(folder, keys) as state:
        for name in ("Ada", "Grace"):
            state.gallery.enroll(
                label=name,
                consent_note="paper",
                created=dt.datetime(2026, 3, 14, tzinfo=dt.UTC),
                templates=[embed(1), embed(2)],
                crops=[b"picture"],
                masked=[masked(number, FAMILY, embed(1).binding) for number in range(2)],
            )
        for _ in range(2):
            state.ledger.commit(EventKind.DECISION, {"a": 1}, build)
    return folder


def _read_all(folder: Path, keys: KeyRing, binding: Embedding) -> bool:
    """Read every column that anything parses; return whether the audit chain is whole."""
    with open_state(folder, keys) as state:
        for person in state.gallery.people():
            state.gallery.crops(person.subject)
        state.gallery.load_templates({binding.binding.model_id: binding.binding})
        state.gallery.load_masked((FAMILY,), {binding.binding.model_id: binding.binding})
        state.outbox.pending(10)
        return state.ledger.verify_chain().is_whole


def test_what_is_altered_here_is_every_column(filled: Path, keys: KeyRing, embed: Callable[..., Embedding]) -> None:
    assert _read_all(filled, keys, embed(1))
    assert set(PARSED) < set(columns(filled))


@pytest.mark.parametrize("value", GARBAGE, ids=lambda value: repr(value)[:16])
def test_garbage_in_any_column_is_refused_or_changes_nothing(
    filled: Path, tmp_path: Path, keys: KeyRing, embed: Callable[..., Embedding], value: object
) -> None:
    for table, column in columns(filled):
        mine = tmp_path / f"{table}-{column}"
        shutil.copytree(filled, mine)
        alter(mine, table, column, value)
        with contextlib.suppress(TrustError):
            _read_all(mine, keys, embed(1))


@pytest.mark.parametrize(("table", "column"), PARSED)
def test_garbage_in_a_column_that_is_parsed_is_an_alteration(
    filled: Path, keys: KeyRing, embed: Callable[..., Embedding], table: str, column: str
) -> None:
    alter(filled, table, column, "2026-13-45T99:99:99+00:00")
    with pytest.raises(TrustError) as caught:
        _read_all(filled, keys, embed(1))
    assert caught.value.exit_code == 4
    assert caught.value.hint


@pytest.mark.parametrize(
    "created", ["2026-03-14", "2026-03-14T00:00:00", "2026-03-14T01:00:00+01:00", "20260314T000000+0000", "soon"]
)
def test_a_moment_that_the_gate_would_not_write_so(filled: Path, keys: KeyRing, created: str) -> None:
    alter(filled, "person", "created", created)
    with open_state(filled, keys) as state, pytest.raises(TrustError, match="moment"):
        state.gallery.people()


def test_text_that_is_none(filled: Path, keys: KeyRing) -> None:
    alter(filled, "person", "created", b"\xff\xfe")
    with open_state(filled, keys) as state, pytest.raises(TrustError, match="UTF-8"):
        state.gallery.people()


@pytest.mark.parametrize("kind", ["granted", "", "DECISION"])
def test_a_waiting_message_of_no_kind(filled: Path, keys: KeyRing, kind: str) -> None:
    alter(filled, "outbox", "kind", kind)
    with open_state(filled, keys) as state, pytest.raises(TrustError):
        state.outbox.pending(10)


def test_a_message_that_was_tried_less_than_never(filled: Path, keys: KeyRing) -> None:
    alter(filled, "outbox", "attempts", -1)
    with open_state(filled, keys) as state, pytest.raises(TrustError):
        state.outbox.pending(10)


def test_bytes_turned_at_random_end_in_a_fault_of_ours(filled: Path, tmp_path: Path, keys: KeyRing) -> None:
    content = (filled / DATABASE_FILE).read_bytes()
    draw = random.Random(5)
    mine = tmp_path / "mine"
    mine.mkdir(mode=0o700)
    for _ in range(150):
        turned = bytearray(content)
        for _ in range(draw.choice((1, 3, 20))):
            turned[draw.randrange(8_192)] = draw.randrange(256)  # the first pages hold the schema
        (mine / DATABASE_FILE).write_bytes(turned)
        with contextlib.suppress(EdgeError), open_state(mine, keys) as state:
            state.gallery.people()
            state.ledger.verify_chain()
        for log in mine.glob("*-*"):
            log.unlink()


def test_a_schema_that_is_no_text(filled: Path, keys: KeyRing) -> None:
    content = (filled / DATABASE_FILE).read_bytes()
    (filled / DATABASE_FILE).write_bytes(content.replace(b"priority INTEGER", b"priority INTE\xffER", 1))
    with pytest.raises(TrustError, match="not UTF-8"):
        open_state(filled, keys)


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        *(
            (f"DROP TABLE {table}", f"table '{table}' is missing")
            for table in ("template", "crop", "outbox", "masked_template")
        ),
        ("DROP TRIGGER audit_is_final", "trigger 'audit_is_final' is missing"),
        ("DROP INDEX crop_by_person", "index 'crop_by_person' is missing"),
        ("CREATE TABLE mine (a)", "table 'mine' is not the gate's"),
        ("CREATE TRIGGER t AFTER INSERT ON audit BEGIN DELETE FROM outbox; END", "trigger 't' is not the gate's"),
        ("ALTER TABLE person ADD COLUMN badge TEXT", "table 'person' was altered"),
        ("UPDATE template SET subject = 'p-nobody' WHERE id = 1", "a row of template belongs to no row of person"),
        ("PRAGMA user_version = -5", "it says schema -5"),
        ("PRAGMA user_version = 0", "it says schema 0"),
    ],
)
def test_another_schema_than_the_migrations_make(filled: Path, keys: KeyRing, statement: str, what: str) -> None:
    with contextlib.closing(sqlite3.connect(filled / DATABASE_FILE, isolation_level=None)) as connection:
        connection.execute(statement)
    with pytest.raises(TrustError, match=what) as caught:
        open_state(filled, keys)
    assert caught.value.hint
