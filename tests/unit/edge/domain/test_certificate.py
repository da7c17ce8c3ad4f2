"""Every copy must reach its threshold; a number that is none reaches nothing."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.patch_certificates import DIMENSIONS, MASKS, a_certificate

CERTIFICATE = a_certificate()
RNG = np.random.default_rng(2)
ROWS = RNG.normal(size=(5, 3, DIMENSIONS)).astype(np.float32)


def test_a_person_matches_their_own_template() -> None:
    template = CERTIFICATE.template(np.repeat(ROWS[:1], 4, axis=0))
    np.testing.assert_allclose(CERTIFICATE.scores(template, ROWS[0]), 1.0, atol=1e-6)
    assert CERTIFICATE.holds(CERTIFICATE.scores(template, ROWS[0])).all()


def test_scores_come_for_one_copy_set_and_for_many() -> None:
    template = CERTIFICATE.template(ROWS[:2])
    many = CERTIFICATE.scores(template, ROWS)
    assert many.shape == (5, 3)
    np.testing.assert_allclose(many[3], CERTIFICATE.scores(template, ROWS[3]))


def test_what_everybody_shares_under_a_mask_counts_for_nothing() -> None:
    far = replace(CERTIFICATE, centers=CERTIFICATE.centers + np.float32(50))
    shifted = far.scores(far.template(ROWS[:2] + 50), ROWS + 50)
    plain = CERTIFICATE.scores(CERTIFICATE.template(ROWS[:2]), ROWS)
    np.testing.assert_allclose(shifted, plain, atol=1e-4)


def test_a_copy_without_a_face_fails() -> None:
    rows = ROWS[0].copy()
    rows[1] = np.nan
    held = CERTIFICATE.holds(CERTIFICATE.scores(CERTIFICATE.template(ROWS[:1]), rows))
    assert held.tolist() == [True, False, True]


def test_an_enrollment_picture_without_a_face_under_a_mask_is_left_out_there() -> None:
    rows = ROWS[:3].copy()
    rows[0, 1] = np.nan
    template = CERTIFICATE.template(rows)
    assert np.isfinite(template).all()
    np.testing.assert_allclose(template[1], CERTIFICATE.template(ROWS[1:3])[1])


def test_a_mask_under_which_nothing_was_found_matches_nobody() -> None:
    rows = ROWS[:2].copy()
    rows[:, 1] = np.nan
    template = CERTIFICATE.template(rows)
    assert np.isnan(template[1]).all()
    assert CERTIFICATE.holds(CERTIFICATE.scores(template, ROWS[0])).tolist() == [True, False, True]


@pytest.mark.parametrize(
    "wrong",
    [
        {"masks": ()},
        {"masks": (MASKS[0], MASKS[0], MASKS[1])},
        {"centers": np.zeros((2, DIMENSIONS), np.float32)},
        {"centers": np.full((3, DIMENSIONS), np.nan, np.float32)},
        {"thresholds": np.array([0.5, np.inf, 0.5])},
        {"thresholds": np.zeros(2)},
        {"bounds": {"cheap": 1e-3}},
        {"bounds": {"cheap": 1e-3, "dear": 1e-2, "other": 0.5}},
    ],
)
def test_a_certificate_that_does_not_fit_together_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="certificate"):
        replace(CERTIFICATE, **wrong)  # type: ignore[arg-type]  # wrong on purpose
