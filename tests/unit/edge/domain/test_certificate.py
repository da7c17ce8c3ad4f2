"""Templates leave out what was not found under a mask, and match nobody where nothing was."""

import numpy as np

from edge.domain.certificate import Alignment, Certificate, Mask

MASKS = tuple(
    Mask(name=n, group="all", x=0.0, y=y, width=1.0, height=0.5, fill=0) for n, y in (("a", 0.0), ("b", 0.5))
)
CERTIFICATE = Certificate(
    name="c",
    model_id="m",
    alignment=Alignment.REALIGNED,
    masks=MASKS,
    centers=np.zeros((2, 2), np.float32),
    thresholds=np.array([0.5, 0.5]),
    bounds={"all": 1e-3},
)
NOT_FOUND = [np.nan, np.nan]


def test_a_picture_that_was_not_found_under_a_mask_is_left_out_there() -> None:
    rows = np.array([[[1.0, 0.0], [0.0, 1.0]], [NOT_FOUND, [1.0, 0.0]]])
    np.testing.assert_allclose(CERTIFICATE.template(rows), [[1.0, 0.0], [0.5**0.5, 0.5**0.5]])


def test_a_mask_under_which_nothing_was_found_matches_nobody() -> None:
    rows = np.array([[[1.0, 0.0], NOT_FOUND]])
    template = CERTIFICATE.template(rows)
    assert np.isnan(template[1]).all()
    scores = CERTIFICATE.scores(template, np.array([[1.0, 0.0], [1.0, 0.0]]))
    assert CERTIFICATE.holds(scores).tolist() == [True, False]
