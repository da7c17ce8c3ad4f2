"""Only the part of a frame that a crop needs is read, and the memory is reused."""

import numpy as np

from engines.render.sampling import CropSampler, Window, level_matrix, needed_window, part_read
from engines.render.spec import CropGeometry


def crop_at(scale: float, x: float, y: float) -> CropGeometry:
    return CropGeometry.from_matrix(np.array([[scale, 0, x], [0, scale, y]]))


def test_window_covers_the_crop_with_room_for_the_taps() -> None:
    window = needed_window(level_matrix(crop_at(1.0, 20, 30)), 16, 640, 480)
    assert (window.left, window.top) == (17, 27)
    assert window.right >= 20 + 16 + 1
    assert window.bottom >= 30 + 16 + 1
    assert window.right - window.left <= 16 + 8


def test_window_never_leaves_the_level() -> None:
    assert needed_window(level_matrix(crop_at(1.0, -5, -5)), 16, 8, 4) == Window(0, 0, 8, 4)


def test_a_crop_outside_has_an_empty_window() -> None:
    assert needed_window(level_matrix(crop_at(1.0, 100, 0)), 16, 50, 50).is_empty
    assert needed_window(level_matrix(crop_at(1.0, 0, -100)), 16, 50, 50).is_empty


def test_level_coordinates_of_a_decimated_frame() -> None:
    np.testing.assert_allclose(
        level_matrix(CropGeometry(np.array([[4.0, 0, 9.5], [0, 4.0, 1.5]]), 4)), [[1, 0, 2.0], [0, 1, 0.0]]
    )


def test_a_part_is_counted_from_its_first_pixel_and_placed_by_its_pixels_centers() -> None:
    part = part_read(CropGeometry(np.array([[4.0, 0, 49.5], [0, 4.0, 41.5]]), 4), 16, 640, 480)
    assert (part.window.left, part.window.top) == (9, 7)
    np.testing.assert_allclose(part.matrix, [[1.0, 0.0, 12.0 - 9], [0.0, 1.0, 10.0 - 7]])
    np.testing.assert_allclose(part.placed(16, 8, 16), [[2.0, 0.0, 3.5], [0.0, 1.0, 3.0]])


def test_pixels_outside_the_window_are_never_read() -> None:
    frame = np.zeros((400, 400, 3), np.uint8)
    crop = crop_at(3.0, 50, 50)
    first, second = np.empty((16, 16, 3), np.uint8), np.empty((16, 16, 3), np.uint8)
    sampler = CropSampler()
    sampler.look(frame, crop, 16)
    sampler.sample(first)
    frame[130:] = frame[:, 130:] = 255
    sampler.look(frame, crop, 16)
    sampler.sample(second)
    np.testing.assert_array_equal(first, second)


def test_memory_is_reused_between_frames() -> None:
    sampler = CropSampler()
    frame = np.full((400, 400, 3), 9, np.uint8)
    sampler.look(frame, crop_at(4.0, 20, 20), 32)
    memory = sampler._memory
    sampler.look(frame, crop_at(2.0, 60, 60), 32)
    assert sampler._memory is memory
