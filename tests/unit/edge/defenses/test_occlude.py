"""Every copy of every certificate must hold; one that fails is named, and what is missing is an error."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.defenses.base import FloatArray
from edge.defenses.occlude import Occlude
from edge.domain.certificate import Alignment, Certificate
from edge.domain.mask_family import MaskFamily
from edge.domain.reasons import Outcome
from tests.support.masked_rows import unit_rows
from tests.support.patch_certificates import DIMENSIONS, MASKS, a_certificate

TIERED = a_certificate()
AGAIN = replace(a_certificate("again"), alignment=Alignment.REALIGNED)
DEFENSE = Occlude((TIERED, AGAIN))
OWN = {MaskFamily.of(TIERED): unit_rows(1, 3, DIMENSIONS), MaskFamily.of(AGAIN): unit_rows(2, 3, DIMENSIONS)}
TEMPLATES = {c.name: c.template(OWN[MaskFamily.of(c)][np.newaxis]) for c in (TIERED, AGAIN)}


def altered(family: MaskFamily, row: int, value: FloatArray | float) -> dict[MaskFamily, FloatArray]:
    copies = {f: rows.copy() for f, rows in OWN.items()}
    copies[family][row] = value
    return copies


def test_a_person_passes_with_the_tightest_copy_told() -> None:
    found = DEFENSE.judge(OWN, TEMPLATES)
    assert (found.defense, found.outcome) == ("occlude", Outcome.PASS)
    assert found.statistic == pytest.approx(1)


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("asked", [TIERED, AGAIN], ids=["tiered", "again"])
def test_one_copy_that_fails_is_named_with_its_certificate(asked: Certificate, row: int) -> None:
    family = MaskFamily.of(asked)
    found = DEFENSE.judge(altered(family, row, -OWN[family][row]), TEMPLATES)
    assert (found.outcome, found.detail) == (Outcome.FAIL, f"{MASKS[row].name} of {asked.name}")
    assert found.threshold == 0.5


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_copy_that_is_no_number_is_an_error(value: float) -> None:
    found = DEFENSE.judge(altered(MaskFamily.of(AGAIN), 1, value), TEMPLATES)
    assert found.outcome is Outcome.ERROR
    assert "middle of again" in found.detail


def test_a_template_of_nan_is_an_error() -> None:
    template = TEMPLATES["tiered"].copy()
    template[2] = np.nan
    assert DEFENSE.judge(OWN, TEMPLATES | {"tiered": template}).outcome is Outcome.ERROR


@pytest.mark.parametrize("name", ["tiered", "again"])
def test_a_missing_template_is_an_error_that_says_what_to_do(name: str) -> None:
    found = DEFENSE.judge(OWN, {n: t for n, t in TEMPLATES.items() if n != name})
    assert found.outcome is Outcome.ERROR
    assert name in found.detail
    assert "people rederive" in found.detail


@pytest.mark.parametrize("asked", [TIERED, AGAIN], ids=["tiered", "again"])
def test_missing_copies_are_an_error(asked: Certificate) -> None:
    family = MaskFamily.of(asked)
    copies = {f: rows for f, rows in OWN.items() if f != family}
    assert DEFENSE.judge(copies, TEMPLATES).outcome is Outcome.ERROR
    for wrong in (
        OWN[family][:2],
        OWN[family][:, :4],
        OWN[family][np.newaxis],
        np.zeros((0, DIMENSIONS), np.float32),
    ):
        assert DEFENSE.judge(copies | {family: wrong}, TEMPLATES).outcome is Outcome.ERROR


def test_copies_of_other_masks_are_none() -> None:
    moved = replace(MaskFamily.of(TIERED), masks=tuple(replace(m, fill=9) for m in MASKS))
    copies = {moved if f == MaskFamily.of(TIERED) else f: rows for f, rows in OWN.items()}
    assert DEFENSE.judge(copies, TEMPLATES).outcome is Outcome.ERROR


def test_a_defense_without_a_certificate_is_none() -> None:
    with pytest.raises(ValueError, match="certificate"):
        Occlude(())


@given(st.lists(st.floats(-1, 1), min_size=6, max_size=6))
def test_it_passes_when_every_copy_reaches_its_threshold_and_never_else(wanted: list[float]) -> None:
    copies, plain = {}, iter(wanted)
    for certificate in (TIERED, AGAIN):
        rows = []
        for mask in range(3):
            along = TEMPLATES[certificate.name][mask]
            across = np.zeros(DIMENSIONS)
            across[int(np.argmin(np.abs(along)))] = 1.0
            across -= along * (across @ along)
            across /= np.linalg.norm(across)
            score = next(plain)
            direction = score * along + math.sqrt(1 - score**2) * across
            # Moved back by the center along the direction, so that centering gives just this direction again.
            rows.append(direction + certificate.centers[mask])
        copies[MaskFamily.of(certificate)] = np.array(rows, np.float32)
    lowest = min(wanted)
    found = DEFENSE.judge(copies, TEMPLATES)
    if abs(lowest - 0.5) > 1e-4:
        assert (found.outcome is Outcome.PASS) == (lowest > 0.5)
