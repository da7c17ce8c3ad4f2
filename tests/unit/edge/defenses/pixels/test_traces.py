"""Each statistic sees what it is named for, and nothing else is taken for a picture."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.defenses.pixels.traces import (
    STATISTICS,
    clipped_share,
    comb,
    haar_bands,
    level_counts,
    noise_sigma,
    pixel_statistics,
    whiteness,
)

Picture = NDArray[np.uint8]
SIDE = 128


def a_picture(seed: int = 1) -> Picture:
    """Return a smooth picture as a camera delivers it: little noise, compressed, color halved."""
    rng = np.random.default_rng(seed)
    rough = cv2.GaussianBlur(rng.normal(size=(SIDE, SIDE, 3)).astype(np.float32), (0, 0), 6)
    levels = 128 + 45 * rough / rough.std() + rng.normal(0, 1.5, rough.shape)
    encoded = cv2.imencode(".jpg", np.clip(levels, 5, 250).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


CLEAN = a_picture()


def stretched(picture: Picture) -> Picture:
    return np.clip((picture.astype(np.float64) - 128) * 1.4 + 128, 0, 255).astype(np.uint8)


def signs(picture: Picture, epsilon: int = 4) -> Picture:
    drawn = np.random.default_rng(2).integers(0, 2, picture.shape) * 2 * epsilon - epsilon
    moved: Picture = np.clip(picture + drawn, 0, 255).astype(np.uint8)
    return moved


def burnt(picture: Picture) -> Picture:
    return np.where(picture > 140, 255, picture).astype(np.uint8)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("comb", stretched),
        ("noise", signs),
        ("whiteness", signs),
        ("chroma", signs),
        ("residual", signs),
        ("clipping", burnt),
    ],
)
def test_a_manipulation_moves_its_statistic_by_half_an_octave_or_more(name: str, change: object) -> None:
    assert callable(change)
    before, after = pixel_statistics(CLEAN), pixel_statistics(change(CLEAN))
    assert after[name] > before[name] + 0.5


def test_enlarging_noise_repeats_its_weights() -> None:
    noise = np.random.default_rng(5).integers(60, 200, (SIDE, SIDE, 3)).astype(np.uint8)
    part = noise[: SIDE // 8 * 5, : SIDE // 8 * 5]
    enlarged = np.asarray(cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), np.uint8)
    assert pixel_statistics(enlarged)["periodicity"] > pixel_statistics(noise)["periodicity"] + 0.5


def test_smoothing_lowers_whiteness() -> None:
    smooth = np.asarray(cv2.GaussianBlur(signs(CLEAN), (3, 3), 0), np.uint8)
    assert pixel_statistics(smooth)["whiteness"] < pixel_statistics(signs(CLEAN))["whiteness"] - 0.5


def test_what_rounding_leaves_is_not_white_noise() -> None:
    rounding = 0.5 / 0.6745
    assert whiteness(rounding, rounding) < -3
    assert whiteness(2.0, 2.0) == pytest.approx(0)
    assert whiteness(2.0, 8.0) == pytest.approx(-2, abs=0.05)


def test_the_noise_estimate_is_the_deviation_of_white_noise() -> None:
    noise = np.random.default_rng(3).normal(0, 5, (256, 256)).astype(np.float32)
    fine, coarse = haar_bands(noise)
    assert (fine.shape, coarse.shape) == ((128, 128), (64, 64))
    assert noise_sigma(fine) == pytest.approx(5, rel=0.03)
    assert noise_sigma(coarse) == pytest.approx(5, rel=0.06)


def test_a_slope_has_no_diagonal_band() -> None:
    slope = np.add.outer(np.arange(64), 2 * np.arange(64)).astype(np.float32)
    assert all(np.abs(band).max() == 0 for band in haar_bands(slope))


def test_independent_pixels_make_no_comb_and_missing_levels_do() -> None:
    rng = np.random.default_rng(4)
    smooth = np.clip(rng.normal(128, 30, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)
    assert comb(level_counts(smooth)) == pytest.approx(1, rel=0.25)
    assert comb(level_counts(smooth // 4 * 4)) > 5


def test_clipping_is_counted_in_the_worst_channel() -> None:
    half = CLEAN.copy()
    half[: SIDE // 2, :, 1] = 255
    half[0, :, 2] = 0
    assert clipped_share(level_counts(half)) == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(5))
def test_every_statistic_is_a_number(seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 2, (32, 36, 3)).astype(np.uint8)
    for picture in (a_picture(seed), noise, noise * 255):
        values = pixel_statistics(picture)
        assert tuple(values) == STATISTICS
        assert np.isfinite(list(values.values())).all()


def test_one_pixel_that_differs_is_still_measured() -> None:
    nearly = np.zeros((32, 32, 3), np.uint8)
    nearly[5, 5, 0] = 1
    assert np.isfinite(list(pixel_statistics(nearly).values())).all()


@pytest.mark.parametrize("level", [0, 77, 255])
def test_a_constant_picture_is_refused(level: int) -> None:
    with pytest.raises(ValueError, match="alike"):
        pixel_statistics(np.full((64, 64, 3), level, np.uint8))


@pytest.mark.parametrize("shape", [(0, 0, 3), (28, 64, 3), (64, 66, 3), (64, 64), (64, 64, 4)])
def test_a_wrong_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected uint8|cannot be measured"):
        pixel_statistics(np.zeros(shape, np.uint8))


def test_a_patch_that_is_not_uint8_is_refused() -> None:
    with pytest.raises(ValueError, match="expected uint8"):
        pixel_statistics(np.zeros((64, 64, 3), np.float32))
