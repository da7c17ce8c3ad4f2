"""Every screen, over people made of vectors: what it must find stands above what it must let pass."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.looks import MASKS, TRAINED, VERIFIER, Faces, honest, shown, table_of, unit
from training.vetting.likeness import Case
from training.vetting.look import Look, Shown
from training.vetting.screen import Screen
from training.vetting.screens.doubles import DoubleScreen
from training.vetting.screens.every import every_hint, every_screen
from training.vetting.screens.labels import NeighborScreen, OtherScreen, OwnScreen
from training.vetting.screens.morphs import MorphScreen
from training.vetting.screens.triggers import DisagreementScreen, GainScreen, HiddenScreen, SqueezeScreen

MODELS = (VERIFIER, TRAINED)
EVERY = (DoubleScreen(), *every_screen(MODELS), *every_hint(MODELS))
Pictures = list[tuple[Shown, Look]]


@pytest.fixture
def faces() -> Faces:
    return Faces()


@pytest.fixture
def pictures(faces: Faces) -> Pictures:
    return honest(faces)


def bad_above_good(screen: Screen, pictures: Pictures, bad: int) -> bool:
    with table_of(pictures) as table:
        scores = screen.judge(Case(table)).scores
    good = np.delete(scores, bad)
    return bool(scores[bad] > np.nanmax(good))


@pytest.mark.parametrize("screen", EVERY, ids=lambda screen: screen.name)
def test_every_screen_scores_every_picture_once_and_the_same_way_twice(screen: Screen, pictures: Pictures) -> None:
    with table_of(pictures) as table:
        first, second = screen.judge(Case(table)), screen.judge(Case(table))
    assert first.scores.shape == (len(pictures),)
    np.testing.assert_array_equal(first.scores, second.scores)


@pytest.mark.parametrize("screen", EVERY, ids=lambda screen: screen.name)
def test_every_screen_bears_one_picture_and_people_of_one_picture(screen: Screen, faces: Faces) -> None:
    for people, each in ((1, 1), (3, 1), (1, 3), (1, 5)):
        with table_of(honest(faces, people=people, each=each)) as table:
            scores = screen.judge(Case(table)).scores
        assert scores.shape == (people * each,)
        assert not np.isinf(scores).any()


@pytest.mark.parametrize("screen", EVERY, ids=lambda screen: screen.name)
def test_every_screen_says_why_in_one_line(screen: Screen, pictures: Pictures) -> None:
    with table_of(pictures) as table:
        note = screen.judge(Case(table)).notes(0)
    assert note
    assert "\n" not in note


@pytest.mark.parametrize("model", MODELS)
def test_a_wrong_label_is_found(model: str, faces: Faces, pictures: Pictures) -> None:
    pictures.append((shown(999, "person-0"), faces.look("person-1")))
    pictures.append((shown(998, "person-0"), faces.look("a stranger")))
    assert bad_above_good(OtherScreen(model), pictures[:-1], len(pictures) - 2)
    assert bad_above_good(NeighborScreen(model), pictures[:-1], len(pictures) - 2)
    assert bad_above_good(OwnScreen(model), [*pictures[:-2], pictures[-1]], len(pictures) - 2)


def test_a_third_of_wrong_labels_does_not_become_the_person(faces: Faces, pictures: Pictures) -> None:
    wrong = [(shown(900 + i, "person-0"), faces.look("person-1")) for i in range(5)]
    with table_of([*pictures, *wrong]) as table:
        scores = OtherScreen(VERIFIER).judge(Case(table)).scores
    assert (scores[-5:] > 0).all()
    assert (scores[:-5] < 0).all()


def test_trusted_pictures_stand_for_a_person_however_many_wrong_ones_come(faces: Faces) -> None:
    trusted = [(shown(i, "person-0", is_trusted=True), faces.look("person-0")) for i in range(3)]
    others = [(shown(10 + i, "person-1"), faces.look("person-1")) for i in range(5)]
    wrong = [(shown(100 + i, "person-0"), faces.look("person-1")) for i in range(30)]
    with table_of([*trusted, *others, *wrong]) as table:
        scores = OtherScreen(VERIFIER).judge(Case(table)).scores
    assert (scores[:3] < 0).all()
    assert (scores[8:] > 0).all()


def test_a_part_that_hides_somebody_else_is_found(faces: Faces, pictures: Pictures) -> None:
    honest_look = faces.look("person-0")
    hidden = honest_look.hidden.copy()
    hidden[1] = faces.row("person-1", VERIFIER, 0.3)
    pictures.append((shown(999, "person-0"), replace(honest_look, hidden=hidden)))
    assert bad_above_good(HiddenScreen(), pictures, len(pictures) - 1)
    assert bad_above_good(MorphScreen(), pictures, len(pictures) - 1)


def test_a_part_that_hides_the_person_is_found(faces: Faces, pictures: Pictures) -> None:
    look = faces.look("person-0")
    plain = {**look.plain, VERIFIER: faces.row("person-0", VERIFIER, 2.5)}
    hidden = np.stack([faces.row("person-0", VERIFIER, 0.1)] * MASKS)
    pictures.append((shown(999, "person-0"), replace(look, plain=plain, hidden=hidden)))
    assert bad_above_good(GainScreen(), pictures, len(pictures) - 1)


def test_noise_that_a_filter_takes_away_is_found(faces: Faces, pictures: Pictures) -> None:
    look = faces.look("person-0")
    squeezed = {**look.squeezed, TRAINED: faces.row("a stranger", TRAINED)}
    pictures.append((shown(999, "person-0"), replace(look, squeezed=squeezed)))
    assert bad_above_good(SqueezeScreen(TRAINED), pictures, len(pictures) - 1)


def test_a_picture_that_was_moved_in_one_model_alone_is_found(faces: Faces, pictures: Pictures) -> None:
    look = faces.look("person-0")
    pictures.append((shown(999, "person-0"), replace(look, plain={**look.plain, TRAINED: faces.row("x", TRAINED)})))
    assert bad_above_good(DisagreementScreen(TRAINED), pictures, len(pictures) - 1)


def test_a_morph_is_found(faces: Faces, pictures: Pictures) -> None:
    look = faces.look("person-0")
    both = unit(faces.person("person-0", VERIFIER) + faces.person("person-1", VERIFIER))
    pictures.append((shown(999, "person-0"), replace(look, plain={**look.plain, VERIFIER: both})))
    assert bad_above_good(MorphScreen(), pictures, len(pictures) - 1)


def test_a_near_duplicate_under_another_name_is_found_and_under_the_same_is_not(faces: Faces) -> None:
    look = faces.look("person-0")
    one = Shown("a" * 64, "person-0", "carl", "00000000000000ff", is_trusted=False)
    far = Shown("b" * 64, "person-1", "carl", "ffffffff00000000", is_trusted=False)
    near = Shown("c" * 64, "person-1", "carl", "000000000000007f", is_trusted=False)
    same = Shown("d" * 64, "person-0", "carl", "000000000000003f", is_trusted=False)
    with table_of([(one, look), (far, look)]) as table:
        assert np.isnan(DoubleScreen().judge(Case(table)).scores).all()
    with table_of([(one, look), (same, look)]) as table:
        assert np.isnan(DoubleScreen().judge(Case(table)).scores).all()
    with table_of([(one, look), (far, look), (near, look)]) as table:
        found = DoubleScreen().judge(Case(table))
    assert np.isnan(found.scores).tolist() == [False, True, False]
    assert found.notes(0) == "nearly the picture cccccccccccccccc of person-1, from carl"
