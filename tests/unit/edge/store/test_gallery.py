import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.domain.embedding import Binding, Embedding
from edge.domain.errors import StoreError, TrustError, UsageError
from edge.domain.match import SubjectRef
from edge.store.state import DATABASE_FILE, State, open_state
from edge.trust.keys import KeyRing
from edge.trust.signing import Signer

Embed = Callable[..., Embedding]
_NOW = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def bindings(embed: Embed) -> dict[str, Binding]:
    return {id_: embed(0, id_).binding for id_ in ("facenet", "sface")}


@pytest.fixture
def enroll(state: State, embed: Embed) -> Callable[..., SubjectRef]:
    def add(label: str, seed: int = 1, crops: tuple[bytes, ...] = (), **binding: str) -> SubjectRef:
        templates = [embed(seed + n, id_, **binding) for n in range(2) for id_ in ("sface", "facenet")]
        return state.gallery.enroll(
            label=label, consent_note=f"form of {label}", created=_NOW, templates=templates, crops=crops
        )

    return add


Enroll = Callable[..., SubjectRef]


def test_an_enrolled_person_comes_back(
    state: State, folder: Path, keys: KeyRing, enroll: Enroll, embed: Embed, bindings: dict[str, Binding]
) -> None:
    ada, bob = enroll("Ada", 10, crops=(b"png 1", b"png 2")), enroll("Bob", 20)
    state.close()
    with open_state(folder, keys) as again:
        people = again.gallery.people()
        assert [(p.subject, p.label, p.consent_note, p.created, p.templates, p.crops) for p in people] == [
            (ada, "Ada", "form of Ada", _NOW, 4, 2),
            (bob, "Bob", "form of Bob", _NOW, 4, 0),
        ]
        loaded = again.gallery.load_templates(bindings)
        assert [(subject, id_) for subject, id_, _ in loaded] == [
            (ada, "facenet"),
            (ada, "sface"),
            (bob, "facenet"),
            (bob, "sface"),
        ]
        for subject, id_, vectors in loaded:
            seed = {ada: 10, bob: 20}[subject]
            expected = np.stack([embed(seed + n, id_).vector for n in range(2)])
            np.testing.assert_array_equal(vectors, expected)
            assert vectors.dtype == np.float32
            assert not vectors.flags.writeable
        assert again.gallery.crops(ada) == (b"png 1", b"png 2")
        assert again.gallery.crops(bob) == ()


def test_an_empty_gallery_is_empty(state: State, bindings: dict[str, Binding]) -> None:
    assert state.gallery.people() == ()
    assert state.gallery.load_templates(bindings) == ()
    assert state.gallery.find("Ada") is None


def test_references_are_random_and_found_by_name(state: State, enroll: Enroll) -> None:
    ada = enroll("Ada")
    assert "Ada" not in ada
    assert state.gallery.find("Ada") == ada
    assert state.gallery.find("ada") is None


def test_neither_names_nor_templates_lie_open_on_disk(
    state: State, folder: Path, enroll: Enroll, embed: Embed
) -> None:
    enroll("Ada Lovelace", 1, crops=(b"a face in PNG form",))
    on_disk = b"".join(file.read_bytes() for file in folder.iterdir())
    for secret in (b"Ada Lovelace", b"form of", b"a face in PNG", embed(1, "sface").vector.tobytes()):
        assert secret not in on_disk


def test_reprs_show_neither_name_nor_numbers(state: State, enroll: Enroll, bindings: dict[str, Binding]) -> None:
    enroll("Ada Lovelace")
    shown = f"{state.gallery.people()!r} {state.gallery.load_templates(bindings)!r}"
    assert "Ada" not in shown
    assert "array" not in shown


@pytest.mark.parametrize("missing", ["label", "consent_note", "templates"])
def test_a_person_needs_name_consent_and_templates(state: State, embed: Embed, missing: str) -> None:
    person = {"label": "Ada", "consent_note": "form", "templates": [embed(1)], missing: ""}
    with pytest.raises(UsageError) as caught:
        state.gallery.enroll(**person, created=_NOW)  # type: ignore[arg-type] # wrong on purpose
    assert caught.value.hint
    assert state.gallery.people() == ()


def test_a_name_is_enrolled_once(state: State, enroll: Enroll) -> None:
    enroll("Ada")
    with pytest.raises(UsageError) as caught:
        enroll("Ada")
    assert "Ada" not in str(caught.value)
    assert len(state.gallery.people()) == 1


def test_a_failed_enrollment_leaves_nothing(state: State, enroll: Enroll) -> None:
    connection = state.database._connection
    connection.execute("CREATE TRIGGER no AFTER INSERT ON crop BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(StoreError):
        enroll("Ada", crops=(b"png",))
    for table in ("person", "template", "crop"):
        assert state.database.read(f"SELECT * FROM {table}") == []  # noqa: S608 - fixed names


@pytest.mark.parametrize(
    "other",
    [
        {"model_digest": "x" * 64},
        {"recipe_digest": "x" * 64},
        {"precision_class": "int8"},
    ],
)
def test_templates_bound_otherwise_are_refused(
    state: State, enroll: Enroll, bindings: dict[str, Binding], other: dict[str, str]
) -> None:
    enroll("Ada", 1)
    enroll("Bob", 5, **other)
    enroll("Cem", 9)
    with pytest.raises(TrustError, match="1 of 3") as caught:
        state.gallery.load_templates(bindings)
    assert caught.value.exit_code == 4
    assert "'edge-gate people enroll'" in caught.value.hint


def test_templates_of_a_model_that_does_not_run_are_refused(
    state: State, enroll: Enroll, bindings: dict[str, Binding]
) -> None:
    enroll("Ada")
    for running in ({"sface": bindings["sface"]}, {}, {**bindings, "third": Binding("third", "d", "r", "reference")}):
        with pytest.raises(TrustError, match="1 of 1"):
            state.gallery.load_templates(running)


def test_one_stray_template_is_refused(state: State, embed: Embed, bindings: dict[str, Binding]) -> None:
    good = [embed(1, "sface"), embed(1, "facenet")]
    stray = embed(2, "sface", recipe_digest="x" * 64)
    state.gallery.enroll(label="Ada", consent_note="form", created=_NOW, templates=[*good, stray])
    with pytest.raises(TrustError):
        state.gallery.load_templates(bindings)


def test_new_templates_replace_the_old(
    state: State, enroll: Enroll, embed: Embed, bindings: dict[str, Binding]
) -> None:
    ada = enroll("Ada", 1, model_digest="old")
    new = [embed(7, "sface"), embed(7, "facenet")]
    state.gallery.replace_templates(ada, new)
    loaded = {id_: vectors for _, id_, vectors in state.gallery.load_templates(bindings)}
    np.testing.assert_array_equal(loaded["sface"], new[0].vector[np.newaxis])
    with pytest.raises(UsageError):
        state.gallery.replace_templates(ada, [])
    with pytest.raises(UsageError):
        state.gallery.replace_templates(SubjectRef("p-nobody"), new)


def test_another_gallery_key_is_refused(state: State, folder: Path, enroll: Enroll) -> None:
    enroll("Ada")
    with pytest.raises(TrustError, match="another gallery key") as caught:
        open_state(folder, KeyRing(signer=Signer(bytes(32)), gallery_key=bytes(32)))
    assert caught.value.hint


def test_a_rewritten_key_check_does_not_open_records(
    state: State, folder: Path, enroll: Enroll, bindings: dict[str, Binding]
) -> None:
    enroll("Ada")
    state.database._connection.execute("DELETE FROM gallery_key")
    with open_state(folder, KeyRing(signer=Signer(bytes(32)), gallery_key=bytes(32))) as other:
        with pytest.raises(TrustError):
            other.gallery.people()
        with pytest.raises(TrustError):
            other.gallery.load_templates(bindings)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE template SET vector = zeroblob(60) WHERE id = 1",
        "UPDATE template SET vector = x'00' WHERE id = 1",
        "UPDATE person SET wrapped_key = zeroblob(60)",
        # Rows of two people, or of one person's two models, changed for each other.
        "UPDATE template SET vector = (SELECT vector FROM template WHERE id = 5) WHERE id = 1",
        "UPDATE template SET subject = (SELECT subject FROM template WHERE id = 5) WHERE id < 5",
        "UPDATE template SET vector = (SELECT vector FROM template WHERE id = 2) WHERE id = 1",
        "UPDATE template SET model_id = CASE model_id WHEN 'sface' THEN 'facenet' ELSE 'sface' END",
        "UPDATE person SET wrapped_key = (SELECT max(wrapped_key) FROM person)",
    ],
)
def test_altered_or_swapped_records_are_refused(
    state: State, enroll: Enroll, bindings: dict[str, Binding], statement: str
) -> None:
    enroll("Ada", 1)
    enroll("Bob", 5)
    state.database._connection.execute(statement)
    with pytest.raises(TrustError):
        state.gallery.load_templates(bindings)


def test_a_template_relabeled_to_the_running_model_is_refused(
    state: State, enroll: Enroll, bindings: dict[str, Binding]
) -> None:
    enroll("Ada", 1, model_digest="old")
    state.database._connection.execute("UPDATE template SET model_digest = ?", ("m" * 64,))
    with pytest.raises(TrustError, match="altered"):
        state.gallery.load_templates(bindings)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE crop SET picture = zeroblob(40) WHERE id = 1",
        "UPDATE crop SET picture = (SELECT picture FROM crop WHERE id = 2) WHERE id = 1",
        "UPDATE crop SET picture = (SELECT label FROM person ORDER BY rowid LIMIT 1) WHERE id = 1",
    ],
)
def test_an_altered_or_swapped_crop_is_refused(state: State, enroll: Enroll, statement: str) -> None:
    ada = enroll("Ada", 1, crops=(b"png",))
    enroll("Bob", 5, crops=(b"png",))
    state.database._connection.execute(statement)
    with pytest.raises(TrustError):
        state.gallery.crops(ada)


@pytest.mark.parametrize("column", ["label", "consent_note"])
def test_swapped_names_are_refused(state: State, enroll: Enroll, column: str) -> None:
    enroll("Ada", 1)
    enroll("Bob", 5)
    swap = f"UPDATE person SET {column} = (SELECT max({column}) FROM person)"  # noqa: S608 - fixed names
    state.database._connection.execute(swap)
    with pytest.raises(TrustError):
        state.gallery.people()


def test_templates_of_different_length_are_refused(state: State, embed: Embed) -> None:
    templates = [embed(1, "sface", d=8), embed(2, "sface", d=16)]
    state.gallery.enroll(label="Ada", consent_note="form", created=_NOW, templates=templates)
    with pytest.raises(TrustError, match="length"):
        state.gallery.load_templates({"sface": templates[0].binding})


def test_erasing_destroys_key_and_rows(
    state: State, folder: Path, enroll: Enroll, bindings: dict[str, Binding]
) -> None:
    ada, bob = enroll("Ada", 1, crops=(b"png",)), enroll("Bob", 5)
    ((wrapped_key,),) = state.database.read("SELECT wrapped_key FROM person WHERE subject = ?", (ada,))
    ((vector,),) = state.database.read("SELECT vector FROM template WHERE id = 1")
    state.gallery.erase(ada)
    assert [person.subject for person in state.gallery.people()] == [bob]
    assert {subject for subject, _, _ in state.gallery.load_templates(bindings)} == {bob}
    assert state.database.read("SELECT * FROM crop") == []
    on_disk = b"".join((folder / f"{DATABASE_FILE}{suffix}").read_bytes() for suffix in ("", "-wal"))
    assert wrapped_key not in on_disk
    assert vector not in on_disk
    with pytest.raises(UsageError):
        state.gallery.erase(ada)
    with pytest.raises(UsageError):
        state.gallery.crops(ada)


def test_a_damaged_person_can_still_be_erased(state: State, enroll: Enroll) -> None:
    ada = enroll("Ada")
    state.database._connection.execute("UPDATE person SET wrapped_key = x'00'")
    state.gallery.erase(ada)
    assert state.gallery.people() == ()
