"""The yardstick itself, against values worked out by hand."""

import numpy as np
import pytest

from engines.render.reference import (
    bilinear,
    block_mean,
    coordinates,
    crop_coordinates,
    sampled,
    squeezed,
)
from engines.render.spec import CropGeometry, Region, Squeeze, ViewSpec


def gray(rows: list[list[int]]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.repeat(np.array(rows, np.uint8)[:, :, None], 3, axis=2)


def test_block_mean_of_four_rounds_half_up_and_drops_incomplete_blocks() -> None:
    frame = gray([[0, 1, 9], [0, 1, 9], [9, 9, 9]])
    np.testing.assert_array_equal(block_mean(frame, 2), gray([[1]]))  # 2 / 4 = 0.5


def test_block_mean_of_more_rounds_half_to_even() -> None:
    frame = gray([[0, 1, 0, 1, 1, 2, 1, 2]] * 4)
    np.testing.assert_array_equal(block_mean(frame, 4), gray([[0, 2]]))  # 0.5 and 1.5


def test_bilinear_weighs_taps_and_reads_zero_outside() -> None:
    level = gray([[0, 100], [200, 100]])
    x, y = np.array([8, 48, -32]), np.array([16, 0, 0])
    np.testing.assert_array_equal(bilinear(level, x, y)[:, 0], [0.75 * 100 + 0.25 * 100, 50, 0])


def test_coordinates_are_rounded_to_a_thirty_second() -> None:
    x, y = coordinates(np.array([[0.51, 0.0, 2.0], [0.0, 1.0, -0.26]]), 3, 2)
    # 0.51 px = 522 / 1024 = 16.3 / 32, 1.02 px = 1044 / 1024 = 32.6 / 32, -0.26 px = -266 / 1024 = -8.3 / 32
    np.testing.assert_array_equal(x, [[64, 80, 97]] * 2)
    np.testing.assert_array_equal(y, [[-8] * 3, [24] * 3])


def test_inner_coordinates_span_the_whole_crop() -> None:
    np.testing.assert_allclose(crop_coordinates(4, 8), [0.5, 2.5, 4.5, 6.5])


def test_half_levels_round_up() -> None:
    crop = CropGeometry(np.array([[1.0, 0, 0.5], [0, 1.0, 0]]), 1)
    assert sampled(gray([[1, 2, 0, 0]]), crop, 2, 2, 2)[0, 0, 0] == 2  # (1 + 2) / 2 = 1.5


@pytest.mark.parametrize(
    ("squeeze", "wanted"),
    [
        (Squeeze.NONE, [[8, 9, 255], [0, 128, 64], [1, 2, 3]]),
        (Squeeze.BITS4, [[0, 17, 255], [0, 136, 68], [0, 0, 0]]),
        (Squeeze.MEDIAN3, [[8, 9, 128], [2, 8, 64], [1, 2, 3]]),
    ],
)
def test_squeezers_by_hand(squeeze: Squeeze, wanted: list[list[int]]) -> None:
    frame = gray([[8, 9, 255], [0, 128, 64], [1, 2, 3]])
    np.testing.assert_array_equal(squeezed(frame, ViewSpec(name="x", squeeze=squeeze), 3), gray(wanted))


def test_gauss_spreads_a_point_by_the_binomial_kernel() -> None:
    frame = np.zeros((5, 5, 3), np.uint8)
    frame[2, 2] = 255
    got = squeezed(frame, ViewSpec(name="x", squeeze=Squeeze.GAUSS5), 5)[2, :, 0]
    np.testing.assert_array_equal(got, [6, 24, 36, 24, 6])  # 255 * 6 * (1 4 6 4 1) / 256, rounded half up


def test_squeezers_stay_inside_the_inner_region() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (10, 10, 3), np.uint8)
    view = ViewSpec(name="x", inner=Region(0.3, 0.3, 0.4, 0.4), squeeze=Squeeze.GAUSS5)
    changed = squeezed(frame, view, 10) != frame
    changed[3:7, 3:7] = False
    assert not changed.any()
