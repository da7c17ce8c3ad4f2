"""Drawn poison: as much as was asked for, under one victim's name, and the honest rest as it was."""

from pathlib import Path

import numpy as np
import pytest

from edge.domain.errors import UsageError
from redteam.poison.pictures import HonestPicture, as_they_are, drawn, poison_count, written
from redteam.poison.plan import Poison, PoisonRow, poison_rows, rows_named
from tests.support.landmarks import face_at

DRAWN = [row for row in poison_rows() if row.eps is None]


@pytest.fixture
def pictures(tmp_path: Path) -> list[HonestPicture]:
    rng = np.random.default_rng(0)
    made = []
    for number in range(60):
        pixels = rng.integers(0, 256, (160, 160, 3), dtype=np.uint8)
        path = written(tmp_path / "honest", pixels)
        made.append(HonestPicture(f"person-{number % 6}", path, pixels, face_at(20, 20)))
    return made


@pytest.mark.parametrize("row", DRAWN, ids=lambda row: row.row_id)
def test_there_is_as_much_poison_as_asked_for(row: PoisonRow, pictures: list[HonestPicture], tmp_path: Path) -> None:
    dataset = drawn(row, pictures, tmp_path / "bad", seed=1)
    poison = [labeled for labeled in dataset if labeled.is_poison]
    assert abs(len(poison) / len(dataset) - row.share) <= 0.5 / len(pictures) + 1e-9 or len(poison) == 1
    assert all(labeled.label != labeled.shows for labeled in poison)
    assert all(labeled.label == labeled.shows for labeled in dataset if not labeled.is_poison)
    if row.poison is not Poison.FLIP:
        assert len({labeled.label for labeled in poison}) == 1
        assert [labeled for labeled in dataset if not labeled.is_poison] == as_they_are(pictures)


def test_the_same_seed_poisons_the_same_way(pictures: list[HonestPicture], tmp_path: Path) -> None:
    row = PoisonRow(Poison.MORPH, 0.1)
    assert drawn(row, pictures, tmp_path, seed=3) == drawn(row, pictures, tmp_path, seed=3)
    assert drawn(row, pictures, tmp_path, seed=3) != drawn(row, pictures, tmp_path, seed=4)


def test_rows_have_names_of_their_own() -> None:
    names = [row.row_id for row in poison_rows()]
    assert len(names) == len(set(names))
    assert poison_count(PoisonRow(Poison.MORPH, 0.01), 10) == 1
    assert poison_count(PoisonRow(Poison.MORPH, 0.1), 900) == 100


def test_rows_are_named_by_their_beginning_and_a_wrong_one_is_told() -> None:
    assert {row.poison for row in rows_named("adaptive")} == {Poison.ADAPTIVE}
    assert rows_named("") == poison_rows()
    with pytest.raises(UsageError, match="no row begins"):
        rows_named("adaptve")


def test_crafted_poison_is_not_drawn(pictures: list[HonestPicture], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="crafted"):
        drawn(PoisonRow(Poison.INSIDER, 0.1), pictures, tmp_path, seed=1)
