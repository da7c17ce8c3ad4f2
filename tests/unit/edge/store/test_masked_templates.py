"""Occluded templates come back whole, for the masks that are asked for, or not at all."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.domain.certificate import Alignment
from edge.domain.embedding import Binding, Embedding
from edge.domain.errors import TrustError, UsageError
from edge.domain.mask_family import MaskFamily
from edge.domain.match import SubjectRef
from edge.store.state import State, open_state
from edge.trust.keys import KeyRing
from tests.support.masked_rows import masked
from tests.support.patch_certificates import MASKS

Embed = Callable[..., Embedding]
GIVEN = MaskFamily(model_id="sface", alignment=Alignment.GIVEN, masks=MASKS)
AGAIN = MaskFamily(model_id="sface", alignment=Alignment.REALIGNED, masks=MASKS[:2])
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


@pytest.fixture
def binding(embed: Embed) -> Binding:
    return embed(0).binding


@pytest.fixture
def enroll(state: State, embed: Embed, binding: Binding) -> Callable[..., SubjectRef]:
    def add(label: str, *, pictures: int = 3, families: tuple[MaskFamily, ...] = (GIVEN, AGAIN)) -> SubjectRef:
        return state.gallery.enroll(
            label=label,
            consent_note="form",
            created=NOW,
            templates=[embed(number) for number in range(pictures)],
            crops=[b"png"],
            masked=[masked(number, family, binding) for number in range(pictures) for family in families],
        )

    return add


Enroll = Callable[..., SubjectRef]
TWICE = (
    "INSERT INTO masked_template SELECT id + 100, subject, family, picture, model_id, model_digest, recipe_digest,"
    " precision_class, vectors FROM masked_template WHERE picture = 0"
)


def test_they_come_back_in_order_of_the_pictures(
    state: State, folder: Path, keys: KeyRing, enroll: Enroll, binding: Binding
) -> None:
    ada, _ = enroll("Ada"), enroll("Bob", families=())
    state.close()
    with open_state(folder, keys) as again:
        loaded = again.gallery.load_masked((GIVEN, AGAIN), {"sface": binding})
        assert sorted((s, f.alignment, v.shape) for s, f, v in loaded) == [
            (ada, Alignment.GIVEN, (3, 3, 8)),
            (ada, Alignment.REALIGNED, (3, 2, 8)),
        ]
        given = next(v for _, f, v in loaded if f == GIVEN)
        np.testing.assert_array_equal(given, np.stack([masked(n, GIVEN, binding).vectors for n in range(3)]))
        assert [p.families for p in again.gallery.people()] == [{GIVEN.digest, AGAIN.digest}, frozenset()]


def test_a_row_of_nan_comes_back_as_it_is(state: State, embed: Embed, binding: Binding) -> None:
    one = masked(0, GIVEN, binding)
    rows = one.vectors.copy()
    rows[1] = np.nan
    state.gallery.enroll(
        label="Ada",
        consent_note="form",
        created=NOW,
        templates=[embed(0)],
        masked=[replace(one, vectors=rows)],
    )
    ((_, _, found),) = state.gallery.load_masked((GIVEN,), {"sface": binding})
    np.testing.assert_array_equal(found[0], rows)


def test_other_masks_than_the_ones_there_are_nobodys(state: State, enroll: Enroll, binding: Binding) -> None:
    enroll("Ada")
    moved = MaskFamily(
        model_id="sface", alignment=Alignment.GIVEN, masks=(replace(MASKS[0], height=0.41), *MASKS[1:])
    )
    assert state.gallery.load_masked((moved,), {"sface": binding}) == ()


@pytest.mark.parametrize("field", ["model_digest", "recipe_digest", "precision_class"])
def test_copies_bound_otherwise_are_refused(state: State, enroll: Enroll, binding: Binding, field: str) -> None:
    enroll("Ada")
    with pytest.raises(TrustError, match="another model") as caught:
        state.gallery.load_masked((GIVEN,), {"sface": replace(binding, **{field: "other"})})
    assert "rederive" in caught.value.hint


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM masked_template WHERE picture = 1",
        "DELETE FROM masked_template WHERE picture = 2",
        TWICE,
    ],
)
def test_pictures_that_are_missing_or_there_twice_are_an_alteration(
    state: State, enroll: Enroll, binding: Binding, statement: str
) -> None:
    enroll("Ada")
    with state.database.transaction() as connection:
        connection.execute(statement)
    with pytest.raises(TrustError, match="altered"):
        state.gallery.load_masked((GIVEN,), {"sface": binding})


@pytest.mark.parametrize(
    "assignment",
    [
        "picture = 7 WHERE picture = 2",
        "family = 'f' WHERE family <> ''",
        "model_digest = 'x'",
        "vectors = zeroblob(64)",
        "vectors = (SELECT vectors FROM masked_template WHERE picture = 0 LIMIT 1) WHERE picture = 1",
    ],
)
def test_a_record_that_was_moved_or_altered_does_not_open_whoever_asks(
    state: State, enroll: Enroll, binding: Binding, assignment: str
) -> None:
    enroll("Ada")
    with state.database.transaction() as connection:
        connection.execute(f"UPDATE masked_template SET {assignment}")  # noqa: S608 - the parameters above
    for families in ((), (GIVEN,)):
        with pytest.raises(TrustError):
            state.gallery.load_masked(families, {"sface": binding})


def test_one_persons_copies_do_not_open_as_anothers(state: State, enroll: Enroll, binding: Binding) -> None:
    ada, bob = enroll("Ada"), enroll("Bob", families=())
    with state.database.transaction() as connection:
        connection.execute("UPDATE masked_template SET subject = ? WHERE subject = ?", (bob, ada))
    with pytest.raises(TrustError, match="altered"):
        state.gallery.load_masked((GIVEN,), {"sface": binding})


def test_erasing_a_person_removes_them(state: State, enroll: Enroll) -> None:
    ada, bob = enroll("Ada"), enroll("Bob")
    state.gallery.erase(ada)
    assert state.database.read("SELECT DISTINCT subject FROM masked_template") == [(bob,)]


def test_they_are_replaced_whole(state: State, enroll: Enroll, binding: Binding) -> None:
    ada = enroll("Ada", families=(AGAIN,))
    state.gallery.replace_masked(ada, [masked(n, GIVEN, binding) for n in range(3)])
    assert [f for _, f, _ in state.gallery.load_masked((GIVEN, AGAIN), {"sface": binding})] == [GIVEN]
    with pytest.raises(UsageError):
        state.gallery.replace_masked(SubjectRef("p-nobody"), [])


def test_new_templates_take_the_occluded_ones_with_them(
    state: State, enroll: Enroll, embed: Embed, binding: Binding
) -> None:
    ada = enroll("Ada")
    state.gallery.replace_templates(ada, [embed(9)])
    assert state.gallery.load_masked((GIVEN, AGAIN), {"sface": binding}) == ()


def test_they_do_not_lie_open_on_disk(
    state: State, folder: Path, keys: KeyRing, enroll: Enroll, binding: Binding
) -> None:
    enroll("Ada")
    on_disk = b"".join(file.read_bytes() for file in folder.iterdir())
    assert masked(0, GIVEN, binding).vectors.tobytes()[:32] not in on_disk
    assert "array" not in repr(state.gallery.load_masked((GIVEN,), {"sface": binding}))


@pytest.mark.parametrize(
    "rows",
    [np.zeros((3, 8), np.float32), np.ones((3, 8), np.float32), np.ones(8, np.float32), np.ones((3, 8), np.float64)],
)
def test_copies_that_are_no_unit_rows_are_none(binding: Binding, rows: np.ndarray) -> None:
    with pytest.raises(ValueError, match="must be"):
        replace(masked(0, GIVEN, binding), vectors=rows)
