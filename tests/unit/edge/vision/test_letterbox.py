"""Fitting frames into a detector's input."""

import numpy as np
import pytest

from edge.vision.letterbox import MOST_ENLARGED, Letterbox


def noise(height: int, width: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(height * width).integers(1, 256, (height, width, 3), np.uint8)


def test_a_frame_that_fits_is_copied_pixel_by_pixel() -> None:
    box, frame = Letterbox(64, 32), noise(32, 50)
    placement = box.draw(frame)
    assert (placement.scale_x, placement.scale_y) == (1.0, 1.0)
    np.testing.assert_array_equal(box.batch[0, :, :, :50], frame.transpose(2, 0, 1))
    assert not box.batch[0, :, :, 50:].any()


def test_a_small_picture_is_enlarged_to_fit_but_not_without_bound() -> None:
    box = Letterbox(64, 32)
    assert box.draw(np.full((16, 16, 3), 7, np.uint8)).scale_x == 2.0
    assert (box.batch[0, :, :, :32] == 7).all()
    assert not box.batch[0, :, :, 32:].any()
    assert box.draw(np.full((2, 2, 3), 7, np.uint8)).scale_x == MOST_ENLARGED


def test_a_larger_frame_is_shrunk_to_fit() -> None:
    box = Letterbox(64, 32)
    placement = box.draw(np.full((96, 96, 3), 7, np.uint8))
    assert placement.scale_x == pytest.approx(1 / 3)
    assert (box.batch[0, :, :32, :32] == 7).all()
    assert not box.batch[0, :, :, 32:].any()


def test_nothing_of_the_last_frame_stays() -> None:
    box = Letterbox(64, 32)
    box.draw(noise(32, 64))
    box.draw(np.full((8, 8, 3), 3, np.uint8))
    assert box.batch.sum() == 3 * 32 * 32 * 3


def test_the_batch_is_never_replaced() -> None:
    box = Letterbox(64, 32)
    batch = box.batch
    for size in ((32, 64), (100, 100), (1, 1), (32, 64)):
        box.draw(noise(*size))
        assert box.batch is batch


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1)])
def test_extreme_shapes_keep_at_least_a_pixel(size: tuple[int, int]) -> None:
    box = Letterbox(64, 32)
    placement = box.draw(np.full((*size, 3), 9, np.uint8))
    assert placement.scale_x > 0
    assert placement.scale_y > 0
    assert box.batch.max() == 9


def test_shrinking_further_halves_the_picture() -> None:
    box = Letterbox(64, 64)
    assert box.draw(noise(64, 64), 0.5).scale_x == 0.5
    assert not box.batch[0, :, 32:].any()
