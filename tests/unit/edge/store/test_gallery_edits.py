"""Whatever is edited in the rows of a stopped gate, nobody is served until it is mended."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.domain.errors import EdgeError
from edge.trust.keys import KeyRing
from tests.support.gallery_attacks import anchor, copy_database, database, put_back
from tests.support.signed_site import Embed, Site


@pytest.fixture
def site(folder: Path, keys: KeyRing, embed: Embed) -> Site:
    return Site(folder, keys, embed)


_TOUCHABLE = {
    "person": ("subject", "wrapped_key", "label", "consent_note", "created", "mark", "basis", "retain_until"),
    "template": ("subject", "model_id", "model_digest", "recipe_digest", "precision_class", "vector"),
    "crop": ("subject", "nonce"),
    "gallery_manifest": ("body", "signature"),
}
_EDITS = st.sampled_from([(table, column) for table, columns in _TOUCHABLE.items() for column in columns])


@pytest.fixture(scope="module")
def two_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("two")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edit=_EDITS, row=st.integers(0, 3), source=st.integers(0, 3), turned=st.integers(0, 4_000), how=st.integers(0, 3)
)
def test_no_edit_of_rows_is_served(  # the same folder serves all examples: each puts the untouched one back first
    site: Site, two_people: Path, edit: tuple[str, str], row: int, source: int, turned: int, how: int
) -> None:
    if not (two_people / "database").exists():
        site.enroll("Ada"), site.enroll("Bob", 5)
        copy_database(site.folder, two_people / "database")
        shutil.copyfile(anchor(site.folder), two_people / "anchor")
    site.folder.mkdir(exist_ok=True, mode=0o700)
    put_back(two_people / "database", site.folder)
    shutil.copyfile(two_people / "anchor", anchor(site.folder))
    is_changed = _edit(site, *edit, row=row, source=source, turned=turned, how=how)
    if not is_changed:
        assert len(site.served()) == 2
        return
    with pytest.raises(EdgeError) as caught:
        site.served()
    assert caught.value.exit_code in {4, 5}


def _edit(site: Site, table: str, column: str, *, row: int, source: int, turned: int, how: int) -> bool:
    """Delete, double or change a row: a bit of a column, or another row's value; return whether anything changed."""
    with database(site.folder) as connection:
        rows = connection.execute(f"SELECT rowid, {column} FROM {table} ORDER BY rowid").fetchall()  # noqa: S608
        rowid, value = rows[row % len(rows)]
        if how == 0:
            connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (rowid,))  # noqa: S608 - ours
            return True
        other = rows[source % len(rows)][1] if how == 1 else _turned(value, turned)
        changed = connection.execute(
            f"UPDATE OR IGNORE {table} SET {column} = ? WHERE rowid = ? AND {column} IS NOT ?",  # noqa: S608
            (other, rowid, other),
        )
        return changed.rowcount > 0 and connection.execute(
            f"SELECT {column} FROM {table} ORDER BY rowid"  # noqa: S608
        ).fetchall() != [(value,) for _, value in rows]


def _turned(value: object, place: int) -> object:
    if isinstance(value, bytes) and value:
        content = bytearray(value)
        content[place % len(content)] ^= 1 << place % 8
        return bytes(content)
    if isinstance(value, int):
        return value + 1_000 + place
    text = str(value or "x")
    return text[: place % len(text)] + "~" + text[place % len(text) + 1 :]
