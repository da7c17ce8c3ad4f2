from hypothesis import given
from hypothesis import strategies as st

from edge.capture.limits import MOST_FRAME_BYTES, fit_size

SIDE = st.integers(1, 70_000)


@given(SIDE, SIDE)
def test_a_fitted_frame_always_fits(width: int, height: int) -> None:
    fitted_width, fitted_height = fit_size(width, height)
    assert 1 <= fitted_width <= width
    assert 1 <= fitted_height <= height
    assert fitted_width * fitted_height * 3 <= MOST_FRAME_BYTES


def test_what_fits_is_left_alone_and_the_rest_keeps_its_shape() -> None:
    assert fit_size(3840, 2160) == (3840, 2160)
    width, height = fit_size(7680, 4320)
    assert (width, height) == (3840, 2160)
