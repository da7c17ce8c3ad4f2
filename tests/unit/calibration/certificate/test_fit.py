"""A fitted certificate keeps its bound on those it was fitted on, and lets the people in whom it knows."""

import numpy as np
import pytest

from calibration.certificate.comparisons import candidates_of, compare
from calibration.certificate.family import BANDS, CHEAP, DEAR, as_one
from calibration.certificate.fit import Plan, fit_certificate
from calibration.certificate.rows import Column, rows_of, worst
from edge.domain.certificate import Alignment

DIMENSIONS = 24
PLAN = Plan(name="tiered", alignment=Alignment.GIVEN, masks=BANDS, bounds={CHEAP: 2e-3, DEAR: 2e-2})


def _people(count: int, pictures: int, *, noise: float, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    owners = np.repeat(np.arange(count), pictures)
    own = rng.normal(size=(count, 1, DIMENSIONS)) + 0.3
    rows = own[owners] + noise * rng.normal(size=(len(owners), len(BANDS), DIMENSIONS))
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32), owners


ROWS, OWNERS = _people(60, 9, noise=0.35)
CERTIFICATE = fit_certificate(PLAN, "screen", ROWS, OWNERS)
COMPARED = compare(CERTIFICATE, ROWS, OWNERS, candidates_of(OWNERS))
COLUMN = Column("fixed", COMPARED, COMPARED.impostor, OWNERS)


def test_every_group_keeps_its_bound() -> None:
    reached = CERTIFICATE.holds(COMPARED.impostor_rows())
    for group, bound in PLAN.bounds.items():
        own = [i for i, mask in enumerate(BANDS) if mask.group == group]
        assert reached[:, own].any(axis=1).mean() <= bound
    assert CERTIFICATE.holds(COMPARED.genuine).all(axis=1).mean() > 0.9


def test_visits_are_the_pictures_that_are_not_enrolled() -> None:
    assert len(COMPARED.genuine) == 60 * 4
    assert np.isnan(COMPARED.impostor[0, :9]).all()
    assert np.isfinite(COMPARED.impostor[0, 9:]).all()


def test_more_people_and_more_alignments_raise_the_bound_and_leave_the_tar() -> None:
    rows = {(r.group, r.gallery, r.frames): r for r in rows_of(CERTIFICATE, COLUMN)}
    assert {r.group for r in rows.values()} == {CHEAP, DEAR, "any"}
    assert rows["any", 1, "1"].bound <= rows["any", 10, "1"].bound <= rows["any", 60, "1"].bound
    assert rows[DEAR, 1, "1"].bound <= rows["any", 1, "1"].bound
    assert rows["any", 1, "1"].tar == rows[CHEAP, 1, "1"].tar
    assert rows[DEAR, 1, "1"].aim == 2e-2
    moved = worst([COMPARED.impostor, COMPARED.impostor + 0.05])
    shaken = {(r.group, r.gallery): r for r in rows_of(CERTIFICATE, Column("jitter", COMPARED, moved, OWNERS))}
    assert shaken["any", 1].bound > rows["any", 1, "1"].bound


def test_two_of_three_let_more_people_in() -> None:
    rows = {(r.group, r.gallery, r.frames): r for r in rows_of(CERTIFICATE, COLUMN)}
    assert rows["any", 1, "2of3"].tar >= rows["any", 1, "1"].tar
    assert rows["any", 1, "2of3"].genuine == 60


def test_masks_of_one_group_have_one_bound() -> None:
    assert {mask.group for mask in as_one(BANDS)} == {"all"}
    assert [mask.name for mask in as_one(BANDS)] == [mask.name for mask in BANDS]


def test_too_few_people_resolve_no_bound() -> None:
    rows, owners = _people(4, 6, noise=0.3)
    with pytest.raises(ValueError, match="cannot resolve"):
        fit_certificate(PLAN, "screen", rows, owners)
