"""Whoever has the disk of a stopped gate, and not its keys, can let nobody in: every change is seen and named."""

import contextlib
import shutil
from pathlib import Path

import pytest

from edge.domain.errors import StoreError, TrustError, UsageError
from edge.domain.match import SubjectRef
from edge.store.state import DATABASE_FILE
from edge.trust.keys import KeyRing
from edge.trust.signing import Signer
from tests.support.gallery_attacks import anchor, as_of_version_4, copy_database, database, put_back, put_person_back
from tests.support.signed_site import Embed, Site

_TEMPLATE = "subject, model_id, model_digest, recipe_digest, precision_class, vector"


@pytest.fixture
def site(folder: Path, keys: KeyRing, embed: Embed) -> Site:
    return Site(folder, keys, embed)


def _refused(site: Site, *said: str) -> str:
    """Return how the gate refuses: exit code 4, with a hint, and nobody is served."""
    with pytest.raises(TrustError) as caught:
        site.served()
    assert caught.value.exit_code == 4
    assert "people accept" in caught.value.hint
    for words in said:
        assert words in str(caught.value)
    return str(caught.value)


def test_what_is_signed_is_served(site: Site) -> None:
    ada, bob = site.enroll("Ada"), site.enroll("Bob", 5)
    site.replace(bob, 7)
    assert site.served() == {ada, bob}
    site.erase(ada)
    assert site.served() == {bob}


def test_an_older_database_is_seen_and_says_who_is_back(site: Site) -> None:
    ada, bob = site.enroll("Ada"), site.enroll("Bob", 5)
    old = site.copy("old")
    site.erase(ada)
    put_back(old, site.folder)
    told = _refused(site, "older one: of change 2, and 3 were made", f"{ada} is not in the signed list")
    assert bob not in told


def test_the_first_database_of_all_is_seen(site: Site) -> None:
    with site.opened():
        pass
    old = site.copy("old")
    ada = site.enroll("Ada")
    put_back(old, site.folder)
    _refused(site, "of change 0", f"{ada} is missing")


def test_a_revoked_person_put_back_is_seen(site: Site) -> None:
    ada, bob = site.enroll("Ada"), site.enroll("Bob", 5)
    old = site.copy("old")
    site.erase(ada)
    put_person_back(old, site.folder, ada)
    told = _refused(site, f"{ada} is not in the signed list")
    assert bob not in told


def test_an_old_manifest_put_back_with_the_person_is_seen(site: Site) -> None:
    ada = site.enroll("Ada")
    old = site.copy("old")
    site.erase(ada)
    put_person_back(old, site.folder, ada)
    with database(site.folder) as connection:
        connection.execute("ATTACH ? AS old", (str(old),))
        connection.execute("DELETE FROM gallery_manifest")
        connection.execute("INSERT INTO gallery_manifest SELECT * FROM old.gallery_manifest")
    _refused(site, "of change 1, and 2 were made", ada)


def test_old_templates_put_back_are_seen(site: Site) -> None:
    """They are Ada's own, under her key, at their place: only the mark tells that they were replaced."""
    ada, bob = site.enroll("Ada"), site.enroll("Bob", 5)
    old = site.copy("old")
    site.replace(ada, 9)
    put_person_back(old, site.folder, ada)
    told = _refused(site, f"{ada} is there with other records")
    assert bob not in told


def test_old_templates_under_the_new_mark_are_seen(site: Site) -> None:
    ada = site.enroll("Ada")
    old = site.copy("old")
    site.replace(ada, 9)
    with database(site.folder) as connection:
        connection.execute("ATTACH ? AS old", (str(old),))
        connection.execute("DELETE FROM template")
        connection.execute("INSERT INTO template SELECT * FROM old.template")
    _refused(site, f"records of {ada}")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM template WHERE id = 1",
        "DELETE FROM crop WHERE id = 1",
        "UPDATE template SET id = 100 WHERE id = 1",
        f"INSERT INTO template ({_TEMPLATE}) SELECT {_TEMPLATE} FROM template WHERE id = 1",  # noqa: S608 - ours
        "INSERT INTO crop (subject, nonce, picture) SELECT subject, nonce, picture FROM crop WHERE id = 1",
        "UPDATE crop SET nonce = (SELECT nonce FROM crop WHERE id = 2) WHERE id = 1",
        "UPDATE person SET created = '2026-11-01T12:00:01+00:00' WHERE rowid = 1",
        "UPDATE person SET retain_until = '2099-01-01T00:00:00+00:00' WHERE rowid = 1",
        "UPDATE person SET basis = 'explicit_consent' WHERE rowid = 1",
        "UPDATE person SET wrapped_key = zeroblob(60) WHERE rowid = 1",
    ],
)
def test_a_row_that_was_touched_is_seen_and_named(site: Site, statement: str) -> None:
    ada, bob = site.enroll("Ada"), site.enroll("Bob", 5)
    site.run("PRAGMA foreign_keys = ON", statement)
    told = _refused(site, ada)
    assert bob not in told


def test_a_person_removed_is_seen_and_named(site: Site) -> None:
    ada, bob = site.enroll("Ada"), site.enroll("Bob", 5)
    site.run("PRAGMA foreign_keys = ON", f"DELETE FROM person WHERE subject = '{ada}'")  # noqa: S608 - ours
    told = _refused(site, f"{ada} is missing")
    assert bob not in told


def test_a_person_inserted_is_seen_and_named(site: Site) -> None:
    site.enroll("Ada")
    site.run(
        "INSERT INTO person SELECT 'p-eve', wrapped_key, label, consent_note, created, mark, basis, consented,"
        " retain_until FROM person",
        "INSERT INTO template SELECT 100 + id, 'p-eve', model_id, model_digest, recipe_digest, precision_class,"
        " vector FROM template",
    )
    _refused(site, "p-eve is not in the signed list")


@pytest.mark.parametrize("mark", ["NULL", "zeroblob(16)", "(SELECT max(mark) FROM person)"])
def test_another_mark_is_seen(site: Site, mark: str) -> None:
    site.enroll("Ada"), site.enroll("Bob", 5)
    site.run(f"UPDATE person SET mark = {mark}")  # noqa: S608 - ours
    _refused(site, "other records")


def test_a_gallery_without_manifest_is_refused(site: Site) -> None:
    site.enroll("Ada")
    site.run("DELETE FROM gallery_manifest")
    _refused(site, "no signed manifest")


def test_a_gallery_emptied_of_everything_does_not_begin_anew(site: Site) -> None:
    site.enroll("Ada")
    site.run("PRAGMA foreign_keys = ON", "DELETE FROM person", "DELETE FROM gallery_manifest")
    _refused(site, "no signed manifest")


def test_without_the_anchor_nobody_is_served(site: Site) -> None:
    site.enroll("Ada")
    anchor(site.folder).unlink()
    _refused(site, "anchor is missing")


def test_an_anchor_put_back_alone_is_seen(site: Site) -> None:
    site.enroll("Ada")
    old = anchor(site.folder).read_bytes()
    site.enroll("Bob", 5), site.enroll("Cem", 9)
    anchor(site.folder).write_bytes(old)
    _refused(site, "anchor is an older one: of change 1, not 3")


def test_an_older_database_with_its_anchor_and_a_changed_person_is_seen(site: Site) -> None:
    """One change behind is what a crash leaves; then the manifest alone must still fit every row."""
    ada = site.enroll("Ada")
    old, old_anchor = site.copy("old"), anchor(site.folder).read_bytes()
    site.replace(ada, 9)
    anchor(site.folder).write_bytes(old_anchor)
    assert site.served() == {ada}
    put_person_back(old, site.folder, ada)
    _refused(site, "not the one that was signed")


@pytest.mark.parametrize("place", [30, 60, 120, -40])
def test_an_altered_anchor_is_seen(site: Site, place: int) -> None:
    site.enroll("Ada")
    content = bytearray(anchor(site.folder).read_bytes())
    content[place] ^= 1
    anchor(site.folder).write_bytes(content)
    _refused(site, "anchor")


@pytest.mark.parametrize("kept", [0, 1, 40, 200, -1, -20])
def test_a_cut_off_anchor_is_seen(site: Site, kept: int) -> None:
    site.enroll("Ada")
    content = anchor(site.folder).read_bytes()
    anchor(site.folder).write_bytes(content[:kept] if kept != -1 else content[:-30])
    _refused(site, "anchor")


def test_an_anchor_that_is_a_link_is_refused(site: Site) -> None:
    site.enroll("Ada")
    real = anchor(site.folder).rename(site.folder / "elsewhere")
    anchor(site.folder).symlink_to(real)
    with pytest.raises(StoreError, match="anchor"):
        site.served()


def test_another_gates_database_and_anchor_are_refused(site: Site, keys: KeyRing, embed: Embed) -> None:
    """Both whole, both signed, but with another signing key; the gallery key is even the same."""
    other = Site(site.folder.parent / "other", KeyRing(Signer(b"x" * 32), keys.gallery_key), embed)
    other.enroll("Eve")
    site.enroll("Ada")
    shutil.copyfile(anchor(other.folder), anchor(site.folder))
    _refused(site, "anchor")
    put_back(copy_database(other.folder, site.folder.parent / "copy"), site.folder)
    _refused(site, "not signed by this gate")


def test_a_new_database_beside_an_old_anchor_serves_nobody(site: Site) -> None:
    site.enroll("Ada")
    for file in site.folder.glob(f"{DATABASE_FILE}*"):
        file.unlink()
    _refused(site, "no signed manifest")


def test_a_second_life_cannot_be_fed_the_first(site: Site) -> None:
    """The anchor removed too, the gate begins anew: what the first life's database holds belongs to another chain."""
    site.enroll("Ada")
    old = site.copy("old")
    for file in (*site.folder.glob(f"{DATABASE_FILE}*"), anchor(site.folder)):
        file.unlink()
    assert site.served() == set()
    put_back(old, site.folder)
    _refused(site, "another database")


def test_the_whole_disk_put_back_looks_whole_from_within(site: Site) -> None:
    """Nothing on the disk can show it. The counter in events and audit checkpoints, kept off the gate, does."""
    ada = site.enroll("Ada")
    old, old_anchor = site.copy("old"), anchor(site.folder).read_bytes()
    site.erase(ada)
    put_back(old, site.folder)
    anchor(site.folder).write_bytes(old_anchor)
    assert site.served() == {ada}


def test_a_crash_before_the_anchor_was_written_locks_nobody_out(site: Site) -> None:
    ada = site.enroll("Ada")
    behind = anchor(site.folder).read_bytes()
    bob = site.enroll("Bob", 5)
    anchor(site.folder).write_bytes(behind)
    assert site.served() == {ada, bob}
    cem = site.enroll("Cem", 9)
    assert site.served() == {ada, bob, cem}


def test_the_anchor_names_nobody_and_is_private(site: Site) -> None:
    site.enroll("Ada")
    assert b"Ada" not in anchor(site.folder).read_bytes()
    assert anchor(site.folder).stat().st_mode & 0o777 == 0o600


def test_whoever_was_altered_can_be_erased_and_the_rest_is_served(site: Site) -> None:
    ada, bob = site.enroll("Ada"), site.enroll("Bob", 5)
    site.run("DELETE FROM template WHERE id = 1")
    _refused(site, ada)
    site.erase(ada)
    assert site.served() == {bob}


def test_erasing_one_does_not_sign_for_another_who_was_altered(site: Site) -> None:
    ada, bob = site.enroll("Ada"), site.enroll("Bob", 5)
    site.run("UPDATE person SET mark = NULL WHERE rowid = 1")
    site.erase(bob)
    _refused(site, ada)


@pytest.mark.parametrize(
    "statement", ["DELETE FROM person WHERE rowid = 1", "UPDATE person SET mark = NULL", "DELETE FROM template"]
)
def test_enrolling_does_not_sign_for_others_who_were_altered(site: Site, statement: str) -> None:
    site.enroll("Ada"), site.enroll("Bob", 5)
    site.run("PRAGMA foreign_keys = ON", statement)
    with contextlib.suppress(TrustError):
        site.enroll("Cem", 9)
    _refused(site)


def test_replacing_does_not_sign_for_rows_that_were_altered(site: Site) -> None:
    ada = site.enroll("Ada")
    site.run("DELETE FROM crop WHERE id = 1")
    with site.opened() as state, pytest.raises(TrustError, match=ada):
        state.gallery.replace_masked(ada, [])
    _refused(site, ada)


def test_an_operator_accepts_an_older_gallery_and_its_counter_goes_on(site: Site) -> None:
    ada, bob = site.enroll("Ada"), site.enroll("Bob", 5)
    old = site.copy("old")
    site.erase(ada)
    put_back(old, site.folder)
    with site.opened() as state:
        assert state.gallery.register.differing().added == (ada,)
        assert state.gallery.accept().added == (ada,)
    assert site.served() == {ada, bob}
    put_back(old, site.folder)
    _refused(site, "of change 2, and 4 were made")


def test_what_was_altered_cannot_be_accepted(site: Site) -> None:
    ada, bob = site.enroll("Ada"), site.enroll("Bob", 5)
    site.run("DELETE FROM template WHERE id = 1")
    with site.opened() as state, pytest.raises(TrustError, match=ada):
        state.gallery.accept()
    site.erase(ada)
    assert site.served() == {bob}


@pytest.mark.parametrize("lost", ["anchor", "manifest", "both"])
def test_what_was_lost_is_made_anew_by_accepting(site: Site, lost: str) -> None:
    ada = site.enroll("Ada")
    if lost != "manifest":
        anchor(site.folder).unlink()
    if lost != "anchor":
        site.run("DELETE FROM gallery_manifest")
    with pytest.raises(TrustError):
        site.served()
    with site.opened() as state:
        state.gallery.accept()
    assert site.served() == {ada}


def test_people_from_before_there_were_marks_are_accepted_once_every_record_opens(site: Site) -> None:
    ada = site.enroll("Ada")
    anchor(site.folder).unlink()
    site.run("DELETE FROM gallery_manifest", "UPDATE person SET mark = NULL")
    _refused(site, "no signed manifest")
    site.run("UPDATE crop SET picture = zeroblob(40) WHERE id = 2")
    with site.opened() as state, pytest.raises(TrustError):
        state.gallery.accept()
    site.run("DELETE FROM crop WHERE id = 2")
    with site.opened() as state:
        state.gallery.accept()
    assert site.served() == {ada}


def test_a_database_of_the_version_before_is_refused_until_accepted_and_keeps_its_pictures(site: Site) -> None:
    """It is also what an attacker would make of an old copy: so nothing takes it by itself."""
    ada = site.enroll("Ada")
    as_of_version_4(site.folder)
    _refused(site, "no signed manifest")
    with site.opened() as state:
        state.gallery.accept()
        assert state.gallery.crops(ada) == (b"one", b"two")
    assert site.served() == {ada}
    site.enroll("Bob", 5)
    as_of_version_4(site.folder)
    with site.opened() as state:  # the anchor still says who there was
        assert state.gallery.register.differing().changed != ()
    _refused(site, "no signed manifest")


def test_a_rollback_while_the_gate_reads_is_seen(site: Site) -> None:
    ada = site.enroll("Ada")
    with site.opened() as state:
        state.gallery.load_templates(site.bindings)
        site.run(f"UPDATE person SET mark = NULL WHERE subject = '{ada}'")  # noqa: S608 - ours
        with pytest.raises(TrustError, match=ada):
            state.gallery.load_templates(site.bindings)
        with pytest.raises(TrustError, match=ada):
            state.gallery.load_masked((), site.bindings)


def test_an_unknown_person_cannot_be_erased(site: Site) -> None:
    site.enroll("Ada")
    with site.opened() as state, pytest.raises(UsageError):
        state.gallery.erase(SubjectRef("p-nobody"))
    assert len(site.served()) == 1
