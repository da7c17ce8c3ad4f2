"""Impostors count with the best alignment of a column, so that another alignment never lowers a bound."""

from pathlib import Path

import numpy as np
import pytest

from calibration.certificate.columns import (
    MovedSample,
    farthest,
    impostor_sample,
    moved_column,
    unmoved_column,
    with_templates,
)
from calibration.certificate.comparisons import candidates_of
from calibration.certificate.fit import Plan, fitted_certificates
from calibration.certificate.reached import ReachedAlignment
from calibration.certificate.reading import jitters
from calibration.certificate.rows import CertificateRow, rows_of, worst
from calibration.certificate.survey import Survey, Surveyor
from calibration.evaluation.certificate import Trying, covered_by, evaluate_certificates
from calibration.pictures.cohort import Cohort
from edge.domain.certificate import Alignment
from edge.domain.errors import UsageError
from engines.progress import Silent
from tests.support.occluded_people import FakeOccluder, FakeReader, band, people

pytest.importorskip("scipy")

MASKS = (band("a", 0.0), band("b", 0.25))
GIVEN = Plan(name="given", alignment=Alignment.GIVEN, masks=MASKS, bounds={"all": 1e-2})
TIERED = Plan(
    name="tiered",
    alignment=Alignment.GIVEN,
    masks=(band("a", 0.0, group="cheap"), band("b", 0.25, group="dear")),
    bounds={"cheap": 1e-2, "dear": 5e-2},
)
AGAIN = Plan(name="again", alignment=Alignment.REALIGNED, masks=MASKS[:1], bounds={"all": 1e-2})
PLANS = (GIVEN, TIERED, AGAIN)


def _reached(px: float) -> ReachedAlignment:
    return ReachedAlignment(
        scene_id="s",
        shape="glasses",
        landmarks_px=1.0,
        landmarks_crop_px=px,
        shift_px=px,
        rotation_degrees=0.0,
        scale=1.0,
        transform=((1.0, 0.0, px), (0.0, 1.0, 0.0)),
    )


def _table(trying: Trying, occluder: FakeOccluder | None = None) -> list[CertificateRow]:
    surveyor = Surveyor(FakeReader(), occluder or FakeOccluder(noise=0.5), Silent())
    everybody = people([8] * 12 + [3] * 20)
    every = fitted_certificates(people([7] * 20), surveyor, "m", PLANS)
    names = sorted(everybody)
    cohort = Cohort({n: everybody[n] for n in names[:12]}, {n: everybody[n] for n in names[12:]}, ())
    return list(evaluate_certificates(every, cohort, surveyor, trying))


@pytest.fixture(scope="module")
def table() -> list[CertificateRow]:
    return _table(Trying(people=32, reached=(_reached(3.0), _reached(1.0)), most_reached=1))


def test_every_column_has_its_rows(table: list[CertificateRow]) -> None:
    columns = {(row.certificate, row.alignment) for row in table}
    moved = {(name, column) for name in ("given", "tiered") for column in ("fixed", "jitter", "reached")}
    assert columns == moved | {("again", "realigned")}
    assert {row.gallery for row in table} == {1, 10, 12}
    assert {row.group for row in table if row.certificate == "tiered"} == {"cheap", "dear", "any"}
    first = table[0]
    assert (first.frames, first.genuine, first.impostors) == ("1", 36, 12 * (12 * 8 + 60) - 12 * 8)


def test_impostors_at_moved_alignments_are_a_sample_of_visits(table: list[CertificateRow]) -> None:
    jitter = next(row for row in table if row.alignment == "jitter")
    assert jitter.impostors == 12 * 32 * 3 - 12 * 3
    few = _table(Trying(people=5, reached=(), most_reached=1))
    assert not [row for row in few if row.alignment == "reached"]
    assert next(row for row in few if row.alignment == "jitter").impostors < jitter.impostors


def test_more_alignments_never_lower_a_bound() -> None:
    surveyor = Surveyor(FakeReader(), FakeOccluder(noise=0.5), Silent())
    (certificate,) = fitted_certificates(people([7] * 20), surveyor, "m", [GIVEN])
    survey = _survey(people([7] * 20), FakeOccluder(noise=0.5))
    candidates, probes = np.arange(20), np.arange(len(survey.owners))
    fixed = unmoved_column(certificate, survey, candidates)
    copies = surveyor.moved(survey.paths, MASKS, jitters(), label="moved")
    some = moved_column(certificate, survey, candidates, fixed, MovedSample("some", probes, MASKS, copies[:1]))
    every = moved_column(certificate, survey, candidates, fixed, MovedSample("every", probes, MASKS, copies))
    bounds = [next(rows_of(certificate, column)).bound for column in (fixed, some, every)]
    assert bounds == sorted(bounds)
    assert bounds[0] < bounds[2]


def test_worst_raises_the_bound_and_keeps_who_was_not_compared() -> None:
    plain, moved = np.array([[[0.1], [np.nan]]]), np.array([[[0.4], [np.nan]]])
    np.testing.assert_array_equal(worst([plain, moved]), [[[0.4], [np.nan]]])
    np.testing.assert_array_equal(worst([moved, plain]), worst([plain, moved]))
    np.testing.assert_array_equal(worst([np.array([[[np.nan]]]), moved[:, :1]]), [[[0.4]]])


def test_larger_galleries_and_more_masks_let_more_impostors_pass(table: list[CertificateRow]) -> None:
    of = {(r.certificate, r.group, r.alignment, r.frames, r.gallery): r for r in table}
    for (name, group, column, frames, gallery), row in of.items():
        if gallery > 1:
            assert row.bound >= of[name, group, column, frames, 1].bound
            assert row.aim is None
        if group in {"cheap", "dear"}:
            assert row.bound <= of[name, "any", column, frames, gallery].bound
            assert row.tar == of[name, "any", column, frames, gallery].tar


def test_a_gallery_that_cannot_be_filled_has_no_row() -> None:
    surveyor = Surveyor(FakeReader(), FakeOccluder(), Silent())
    every = fitted_certificates(people([7] * 20), surveyor, "m", [GIVEN])
    everybody = people([7] * 4)
    cohort = Cohort({n: everybody[n] for n in ("p000", "p001")}, {n: everybody[n] for n in ("p002", "p003")}, ())
    found = evaluate_certificates(every, cohort, surveyor, Trying(people=2, reached=None, most_reached=1))
    assert {row.gallery for row in found} == {1, 2}


def test_nobody_with_pictures_enough_is_told() -> None:
    surveyor = Surveyor(FakeReader(), FakeOccluder(), Silent())
    every = fitted_certificates(people([7] * 20), surveyor, "m", [GIVEN])
    cohort = Cohort(people([5]), {}, ())
    with pytest.raises(UsageError, match="none of 1 people can be enrolled") as caught:
        list(evaluate_certificates(every, cohort, surveyor, Trying(people=2, reached=None, most_reached=1)))
    assert "--subjects" in str(caught.value.hint)


@pytest.mark.parametrize("counts", [[1], [1, 1, 1], [3, 3], [0]])
def test_too_few_people_to_fit_on_are_told(counts: list[int]) -> None:
    surveyor = Surveyor(FakeReader(), FakeOccluder(), Silent())
    with pytest.raises(UsageError, match="cannot be fitted") as caught:
        fitted_certificates(people(counts), surveyor, "m", [GIVEN])
    assert caught.value.hint


def test_who_is_never_found_under_a_mask_cannot_be_enrolled_and_those_who_visit_are_refused() -> None:
    folder = people([7, 7])
    survey = _survey(folder, FakeOccluder(lost=[*folder["p000"][:5], folder["p001"][0], folder["p001"][6]]))
    assert with_templates(survey, candidates_of(survey.owners)).tolist() == [1]


def test_columns_without_a_face_found_again_are_counted_without_warning() -> None:
    folder = people([7] * 20)
    lost = [*folder["p003"], folder["p005"][6]]
    table = _table(Trying(people=4, reached=None, most_reached=1), FakeOccluder(noise=0.5, lost=lost))
    again = next(row for row in table if row.alignment == "realigned")
    assert 0 < again.tar < 1


def test_the_farthest_alignments_are_taken_each_once() -> None:
    moves = farthest([_reached(1.0), _reached(3.0), _reached(3.0), _reached(2.0)], 2)
    assert [move[0, 2] for move in moves] == [3.0, 2.0]


def test_the_sample_of_impostors_is_fixed_and_is_of_visits() -> None:
    survey = _survey(people([9, 1, 2, 5, 4]), FakeOccluder())
    sample = impostor_sample(survey, 3)
    assert sample.tolist() == impostor_sample(survey, 3).tolist() == sorted(sample.tolist())
    assert np.unique(survey.owners[sample], return_counts=True)[1].max() <= 3
    assert len(impostor_sample(survey, 99)) == 3 + 1 + 2 + 3 + 3


def test_certificates_of_the_same_masks_share_a_table() -> None:
    surveyor = Surveyor(FakeReader(), FakeOccluder(), Silent())
    every = fitted_certificates(people([7] * 20), surveyor, "m", PLANS)
    assert [names for names, _ in covered_by(every)] == [("given", "tiered"), ("again",)]


def test_rows_of_a_column_alone() -> None:
    surveyor = Surveyor(FakeReader(), FakeOccluder(), Silent())
    (certificate,) = fitted_certificates(people([7] * 20), surveyor, "m", [GIVEN])
    survey = _survey(people([8] * 3), FakeOccluder())
    rows = list(rows_of(certificate, unmoved_column(certificate, survey, np.array([0, 1, 2]))))
    assert [row.frames for row in rows] == ["1", "1", "2of3", "2of3"]
    assert [row.genuine for row in rows] == [9, 9, 3, 3]


def _survey(folder: dict[str, tuple[Path, ...]], occluder: FakeOccluder) -> Survey:
    surveyor = Surveyor(FakeReader(), occluder, Silent())
    hidden = {Alignment.GIVEN: MASKS, Alignment.REALIGNED: MASKS[:1]}
    return surveyor.people(folder, hidden, label="all")
