"""Everybody is read once, and every distinct mask hides once, whatever it is called."""

from dataclasses import replace

import numpy as np
import pytest

from calibration.certificate.fit import PLANS
from calibration.certificate.reading import UNMOVED, jitters
from calibration.certificate.survey import Surveyor, masks_of
from edge.domain.certificate import Alignment
from edge.domain.mask_family import distinct_masks
from edge.vision.occlusion import views_of
from engines.progress import Silent
from tests.support.occluded_people import DIMENSIONS, FakeOccluder, FakeReader, band, people

MASKS = (band("a", 0.0), band("b", 0.25), band("c", 0.5))


def test_masks_that_hide_the_same_are_one() -> None:
    again = tuple(replace(mask, group="other", name=f"{mask.name} again") for mask in MASKS)
    assert distinct_masks([*MASKS, *again]) == MASKS
    assert len(distinct_masks([*MASKS, replace(MASKS[0], fill=0)])) == 4


def test_all_plans_together_hide_each_band_once() -> None:
    hidden = masks_of(PLANS)
    assert len(hidden[Alignment.GIVEN]) == 5
    assert len(hidden[Alignment.REALIGNED]) == 2


def test_a_group_is_no_part_of_what_a_copy_is_kept_by() -> None:
    assert views_of(MASKS) == views_of([replace(mask, group="other") for mask in MASKS])


def test_everybody_is_read_once_in_order() -> None:
    folder = people([2, 1, 3])
    occluder = FakeOccluder()
    survey = Surveyor(FakeReader([folder["p002"][1]]), occluder, Silent()).people(
        folder, {Alignment.GIVEN: [*MASKS, MASKS[0]], Alignment.REALIGNED: MASKS[:1]}, label="all"
    )
    assert survey.names == ("p000", "p001", "p002")
    assert survey.owners.tolist() == [0, 0, 1, 2, 2]
    assert survey.paths[-1] == folder["p002"][2]
    assert survey.copies[Alignment.GIVEN].shape == (5, 3, DIMENSIONS)
    assert occluder.asked.count(("a", "b", "c")) == 5
    picked = survey.rows(Alignment.GIVEN, [replace(MASKS[2], name="x"), MASKS[0]])
    np.testing.assert_array_equal(picked, survey.copies[Alignment.GIVEN][:, [2, 0]])
    with pytest.raises(KeyError):
        survey.rows(Alignment.REALIGNED, MASKS)


def test_a_folder_without_a_face_is_an_empty_survey() -> None:
    folder = people([1])
    survey = Surveyor(FakeReader(folder["p000"]), FakeOccluder(), Silent()).people(
        folder, {Alignment.GIVEN: MASKS}, label="all"
    )
    assert len(survey.owners) == 0
    assert survey.rows(Alignment.GIVEN, MASKS).shape[:2] == (0, 3)


def test_pictures_are_occluded_at_every_move() -> None:
    folder = people([2, 2])
    paths = [path for own in folder.values() for path in own]
    surveyor = Surveyor(FakeReader(), FakeOccluder(), Silent())
    rows = surveyor.moved(paths, MASKS, (UNMOVED, *jitters()), label="moved")
    assert rows.shape == (9, 4, 3, DIMENSIONS)
    plain = surveyor.people(folder, {Alignment.GIVEN: MASKS}, label="all").copies[Alignment.GIVEN]
    np.testing.assert_array_equal(rows[0], plain)
