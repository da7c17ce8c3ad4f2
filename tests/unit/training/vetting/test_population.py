"""Balance and shift of a whole contribution."""

from dataclasses import replace

import pytest

from tests.support.looks import TRAINED, VERIFIER, Faces, shown, table_of
from training.vetting.likeness import Case
from training.vetting.population import Balance, balance, shifts


def test_balance_counts_people_and_contributors() -> None:
    pictures = [shown(0, "a"), shown(1, "a"), shown(2, "b", contributor="cora")]
    assert balance(pictures) == Balance(2, 1, 2, 2, 2 / 3)


@pytest.mark.parametrize(("noise", "is_shifted"), [(0.6, False), (1.4, True)])
def test_worse_pictures_are_a_shift_and_other_people_are_none(noise: float, is_shifted: bool) -> None:
    trusted, new = Faces(1), Faces(2, noise=noise)
    pictures = [(shown(i, f"t{i % 8}", is_trusted=True), trusted.look(f"t{i % 8}")) for i in range(80)] + [
        (shown(100 + i, f"n{i % 8}"), new.look(f"n{i % 8}")) for i in range(80)
    ]
    with table_of(pictures) as table:
        found = {shift.what: shift.p_value for shift in shifts(Case(table))}
    assert (found["likeness to the own person"] < 0.001) is is_shifted
    assert (found["embeddings without their person"] < 0.01) is is_shifted


def test_noise_is_a_shift_of_what_a_filter_does() -> None:
    faces = Faces()
    pictures = [(shown(i, "a", is_trusted=i < 40), faces.look("a")) for i in range(80)]
    for row in range(40, 80):
        what, look = pictures[row]
        moved = {model: faces.row("a", model, 2.0) for model in (VERIFIER, TRAINED)}
        pictures[row] = what, replace(look, squeezed=moved)
    with table_of(pictures) as table:
        found = {shift.what: shift.p_value for shift in shifts(Case(table))}
    assert found["effect of a median filter"] < 1e-6


def test_few_pictures_tell_no_shift() -> None:
    faces = Faces()
    with table_of([(shown(i, "a", is_trusted=i < 5), faces.look("a")) for i in range(60)]) as table:
        assert shifts(Case(table)) == ()
