"""The CUDA kernels on the host against the definition and the CPU, over drawn frames, crops and views."""

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engines.render.base import Renderer
from engines.render.cpu import CPURenderer
from engines.render.cuda.parameters import FRAME, VIEW, FrameLayout
from engines.render.reference import ReferenceRenderer
from engines.render.spec import PLAIN, ChannelOrder, CropGeometry, InputSpec, Region, ViewSpec
from tests.support.drawn_renders import crops, frames, views
from tests.support.host_kernels import HostKernels, host_library, needs_compiler

pytestmark = needs_compiler

KERNELS = HostKernels()
LEVELS = {"order": ChannelOrder.BGR, "mean": 0.0, "scale": 1.0}


def rendered(
    pixels: NDArray[np.uint8], crop: CropGeometry, views: list[ViewSpec], side: int, renderer: Renderer = KERNELS
) -> NDArray[np.float32]:
    out = np.full((len(views), 3, side, side), np.nan, np.float32)
    renderer.render(pixels, crop, views, InputSpec(side=side, **LEVELS), out)  # type: ignore[arg-type]
    return out


@settings(max_examples=1000, deadline=None)
@given(frames(), crops(), views(), st.integers(4, 72))
def test_every_bit_is_as_defined_and_as_on_the_cpu(
    pixels: NDArray[np.uint8], crop: CropGeometry, view: ViewSpec, side: int
) -> None:
    x, y, width, height = view.inner.to_px(side)
    assume(x + width <= side and y + height <= side)
    found = rendered(pixels, crop, [view], side)
    np.testing.assert_array_equal(found, rendered(pixels, crop, [view], side, CPURenderer()))
    np.testing.assert_array_equal(found, rendered(pixels, crop, [view], side, ReferenceRenderer()))


@settings(max_examples=300, deadline=None)
@given(
    turn=st.lists(st.integers(-6000, 6000), min_size=4, max_size=4),
    shift=st.tuples(st.integers(-99_999, 99_999), st.integers(-99_999, 99_999)),
    seed=st.integers(0, 99),
)
def test_coordinates_half_way_between_two_are_rounded_alike(
    turn: list[int], shift: tuple[int, int], seed: int
) -> None:
    # Of every pixel or of every second, x or y is a whole number of 1/2048 px: half to even decides.
    (a, b, c, d), (x, y) = turn, shift
    crop = CropGeometry(np.array([[a, b, x], [c, d, y]]) / 2048, 1)
    pixels = np.random.default_rng(seed).integers(0, 256, (70, 60, 3), np.uint8)
    found = rendered(pixels, crop, [PLAIN], 24)
    np.testing.assert_array_equal(found, rendered(pixels, crop, [PLAIN], 24, CPURenderer()))
    np.testing.assert_array_equal(found, rendered(pixels, crop, [PLAIN], 24, ReferenceRenderer()))


def test_occlusions_hide_the_same_pixels_as_on_the_cpu() -> None:
    pixels = np.full((64, 64, 3), 200, np.uint8)
    crop = CropGeometry.from_matrix(np.array([[0.5, 0, 4], [0, 0.5, 4.0]]))
    hidden = [
        ViewSpec(name=f"{i}", inner=Region(0.07, 0.11, 0.83, 0.71), occlusions=(Region(i / 97, i / 89, 0.31, 0.2),))
        for i in range(60)
    ]
    cpu = np.empty((len(hidden), 3, 64, 64), np.float32)
    CPURenderer().render(pixels, crop, hidden, InputSpec(side=64, **LEVELS), cpu)  # type: ignore[arg-type]
    np.testing.assert_array_equal(rendered(pixels, crop, hidden, 64), cpu)


def test_nv12_has_the_colors_that_opencv_gives_it() -> None:
    yuv = np.random.default_rng(3).integers(0, 256, (48 * 3 // 2, 64), np.uint8)
    bgr = cv2.cvtColor(yuv, cv2.COLOR_YUV2BGR_NV12).astype(np.uint8)
    spec = InputSpec(side=48, **LEVELS)  # type: ignore[arg-type]
    crop = CropGeometry.from_matrix(np.array([[1.0, 0, 8], [0, 1, 0]]))
    found, wanted = (np.empty((1, 3, 48, 48), np.float32) for _ in range(2))
    KERNELS.render_bytes(yuv, crop, [PLAIN], spec, found)
    KERNELS.render_bytes(bgr, crop, [PLAIN], spec, wanted)
    np.testing.assert_array_equal(found, wanted)


def test_half_precision_is_the_rounded_single_precision() -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (40, 40, 3), np.uint8)
    spec = InputSpec(side=32, order=ChannelOrder.RGB, mean=127.5, scale=1 / 128)
    crop = CropGeometry.from_matrix(np.array([[1.0, 0.1, 2], [-0.1, 1, 3]]))
    single, half = np.empty((1, 3, 32, 32), np.float32), np.empty((1, 3, 32, 32), np.float16)
    KERNELS.render_bytes(pixels, crop, [PLAIN], spec, single)
    KERNELS.render_bytes(pixels, crop, [PLAIN], spec, half)
    np.testing.assert_array_equal(half, single.astype(np.float16))


def test_records_are_as_long_as_the_kernels_read_them() -> None:
    assert host_library().eg_host_size_of_view() == VIEW.itemsize
    assert host_library().eg_host_size_of_frame() == FRAME.itemsize


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((5, 4), np.uint8),
        np.zeros((9, 3), np.uint8),
        np.zeros((4, 8, 3), np.uint8)[:, ::2],
    ],
)
def test_pixels_of_no_known_layout_are_refused(pixels: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="frame"):
        FrameLayout.of(pixels)


def test_more_occlusions_than_the_kernels_take_are_refused() -> None:
    view = ViewSpec(name="many", occlusions=(Region(0.1, 0.1, 0.1, 0.1),) * 5)
    with pytest.raises(ValueError, match="at most 4"):
        rendered(np.zeros((8, 8, 3), np.uint8), CropGeometry(np.eye(2, 3), 1), [view], 8)
