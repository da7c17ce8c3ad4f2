"""The search counts a family on people whom it was not fitted on, and says when there are too few."""

from pathlib import Path

import pytest

from calibration.certificate.candidates import Family, families, single_masks
from calibration.certificate.search import family_costs, sample_of, single_costs
from calibration.certificate.survey import Survey, Surveyor
from edge.domain.certificate import Alignment, Mask
from edge.domain.errors import UsageError
from edge.domain.mask_family import distinct_masks
from engines.progress import Silent
from tests.support.occluded_people import FakeOccluder, FakeReader, band, people

MASKS = (band("a", 0.0), band("b", 0.25))
FAMILY = Family("two", MASKS)


def _survey(folder: dict[str, tuple[Path, ...]], masks: tuple[Mask, ...] = MASKS) -> Survey:
    return Surveyor(FakeReader(), FakeOccluder(noise=0.4), Silent()).people(
        folder, {Alignment.GIVEN: masks}, label="all"
    )


def test_masks_have_names_of_their_own_and_families_are_those_of_the_gate_and_others() -> None:
    singles = tuple(single_masks())
    assert len({mask.name for mask in singles}) == len(singles) == len(distinct_masks(singles))
    assert {mask.fill for mask in singles} == {0, 127}
    assert [len(family.masks) for family in families()] == [5, 3, 9, 14]
    for family in families():
        assert len({mask.name for mask in family.masks}) == len(family.masks)


def test_a_family_keeps_its_bound_about_on_people_whom_it_has_not_seen() -> None:
    loose, strict = family_costs(_survey(people([7] * 40)), [FAMILY], "m")
    assert (loose.aim, strict.aim) == (1e-2, 1e-3)
    assert strict.bound <= loose.bound < 5e-2
    assert strict.tar <= loose.tar
    assert loose.genuine == 40 * 7
    assert loose.impostors == 2 * (20 * 20 * 7 - 20 * 7)
    assert set(loose.squares) == set(strict.squares)
    assert len(loose.squares) == 5


def test_a_stricter_rate_costs_more_genuine_people() -> None:
    for cost in single_costs(_survey(people([7] * 40)), MASKS, "m"):
        assert 0 < cost.tar[1e-4] <= cost.tar[1e-3] <= 1
        assert cost.impostors == 40 * 40 * 7 - 40 * 7


@pytest.mark.parametrize("counts", [[], [1], [7], [1] * 9, [7] * 4])
def test_too_few_people_are_told(counts: list[int]) -> None:
    survey = _survey(people(counts))
    for costs in (single_costs(survey, MASKS, "m"), family_costs(survey, [FAMILY], "m")):
        with pytest.raises(UsageError) as caught:
            list(costs)
        assert "--pictures" in str(caught.value.hint)


def test_the_sample_is_of_about_so_many_pictures() -> None:
    folder = people([9] * 20 + [3] * 30 + [1] * 10)
    sample = sample_of(folder, 100)
    assert sum(map(len, sample.values())) == 100
    assert sorted(set(map(len, sample.values()))) == [2, 6]
    assert sample == sample_of(folder, 100)
    assert sum(map(len, sample_of(folder, 10_000).values())) == 20 * 6 + 30 * 2
