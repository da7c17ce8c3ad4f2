"""Every renderer computes the function of ``engines.render.spec``; the reference says what that is."""

import math
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engines.gpu.device import opened_device
from engines.gpu.thread import OwnerThread
from engines.render.base import Renderer
from engines.render.cpu import CPURenderer
from engines.render.cuda.device import RenderDevice
from engines.render.cuda.renderer import CudaRenderer
from engines.render.reference import ReferenceRenderer
from engines.render.spec import PLAIN, ChannelOrder, CropGeometry, InputSpec, Region, Squeeze, ViewSpec
from tests.support.exact_sampling import exactly_sampled
from tests.support.host_cuda import FATBIN, begun_host_cuda, needs_host_cuda
from tests.support.host_gpu import HostGpuOwner
from tests.support.host_kernels import HostKernels, needs_compiler

Pixels = NDArray[np.uint8]


OWNERS: list[OwnerThread | HostGpuOwner] = []


@cache
def named(name: str) -> Renderer:
    """Return a renderer, made once."""
    return MAKERS[name]()


def cuda_renderer(*, is_integrated: bool) -> Renderer:
    """Return the renderer of a device, whose driver is the tests' own."""
    begun_host_cuda(is_integrated=is_integrated)
    owner = OwnerThread(opened_device)
    OWNERS.append(owner)
    return CudaRenderer(RenderDevice(owner, FATBIN))


def stand_in_renderer() -> Renderer:
    """Return the renderer of the device that stands in for one where TensorRT's fake runs too."""
    owner = HostGpuOwner()
    OWNERS.append(owner)
    return CudaRenderer(RenderDevice(owner, FATBIN))


MAKERS: dict[str, Callable[[], Renderer]] = {
    "reference": ReferenceRenderer,
    "cpu": CPURenderer,
    "kernels-on-host": HostKernels,
    "stand-in": stand_in_renderer,
    "cuda-integrated": lambda: cuda_renderer(is_integrated=True),
    "cuda-discrete": lambda: cuda_renderer(is_integrated=False),
}
NEEDS = {
    "kernels-on-host": needs_compiler,
    "stand-in": needs_compiler,
    "cuda-integrated": needs_host_cuda,
    "cuda-discrete": needs_host_cuda,
}
RENDERERS = [pytest.param(name, marks=NEEDS.get(name, ())) for name in MAKERS]
SMOOTH_LEVELS = 2.0
# Coordinates may be rounded to 1/32 px (up to 1/64 away, both axes, full contrast), and then to a level.
NOISE_LEVELS = 1 + 2 * 255 / 64 + 1


@pytest.fixture(scope="module", autouse=True)
def _devices_end_with_their_tests() -> Iterator[None]:
    yield
    while OWNERS:
        OWNERS.pop().close()
    named.cache_clear()


@pytest.fixture(params=RENDERERS)
def renderer(request: pytest.FixtureRequest) -> Renderer:
    return named(str(request.param))


def levels(side: int) -> InputSpec:
    return InputSpec(side, ChannelOrder.BGR, 0.0, 1.0)


def render(
    renderer: Renderer, pixels: Pixels, crop: CropGeometry, views: list[ViewSpec], spec: InputSpec
) -> NDArray[np.float32]:
    out = np.full((len(views), 3, spec.side, spec.side), np.nan, np.float32)
    renderer.render(pixels, crop, views, spec, out)
    assert np.isfinite(out).all(), "every element must be overwritten"
    return out


def smooth_frame(height: int, width: int) -> Pixels:
    """Return a frame that changes by at most about 4 levels a pixel and is dark at its edges."""
    y, x = np.mgrid[:height, :width]
    window = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y)).clip(0, 20) * 4.0
    waves = np.stack([np.sin(x / 19 + c) * np.cos(y / 23 - c) for c in range(3)], axis=2)
    shades: NDArray[np.float64] = np.clip(window[:, :, None] * (1 + 0.4 * waves), 0, 255)
    return shades.astype(np.uint8)


def fits(view: ViewSpec, side: int) -> bool:
    """Return whether the view's inner region has a pixel on so small a picture."""
    x, y, width, height = view.inner.to_px(side)
    return x + width <= side and y + height <= side


@st.composite
def regions(draw: st.DrawFn) -> Region:
    x, y = draw(st.integers(0, 39)), draw(st.integers(0, 39))
    return Region(x / 40, y / 40, draw(st.integers(1, 40 - x)) / 40, draw(st.integers(1, 40 - y)) / 40)


@st.composite
def view_specs(draw: st.DrawFn, squeeze: Squeeze | None = None) -> ViewSpec:
    return ViewSpec(
        name="any",
        inner=draw(st.one_of(st.just(PLAIN.inner), regions())),
        occlusions=tuple(draw(st.lists(regions(), max_size=2))),
        squeeze=draw(st.sampled_from(Squeeze)) if squeeze is None else squeeze,
        fill=draw(st.integers(0, 255)),
    )


@st.composite
def crops(draw: st.DrawFn) -> CropGeometry:
    angle, ratio = draw(st.floats(-math.pi, math.pi)), draw(st.floats(0.5, 2.0))
    scale = draw(st.floats(0.05, 6.0))
    rotation = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    shift = [[draw(st.floats(-150, 250))], [draw(st.floats(-150, 250))]]
    return CropGeometry.from_matrix(np.hstack([rotation @ np.diag([scale * ratio, scale / ratio]), shift]))


@settings(max_examples=200, deadline=None)
@given(
    crop=crops(),
    views=st.lists(view_specs(), min_size=1, max_size=4),
    size=st.tuples(st.integers(1, 120), st.integers(1, 120)),
    side=st.integers(1, 48),
    seed=st.integers(0, 1000),
)
@pytest.mark.parametrize("name", RENDERERS)
def test_every_bit_is_as_defined(
    name: str, crop: CropGeometry, views: list[ViewSpec], size: tuple[int, int], side: int, seed: int
) -> None:
    assume(all(fits(view, side) for view in views))
    frame = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    got = render(named(name), frame, crop, views, levels(side))
    np.testing.assert_array_equal(got, render(named("reference"), frame, crop, views, levels(side)))


@settings(max_examples=120, deadline=None)
@given(decimation=st.integers(1, 24), seed=st.integers(0, 1000), lowest=st.integers(0, 254))
@pytest.mark.parametrize("name", RENDERERS)
def test_means_of_blocks_are_as_defined_where_they_lie_half_way(
    name: str, decimation: int, seed: int, lowest: int
) -> None:
    rng = np.random.default_rng(seed)
    area = decimation**2
    block = rng.permutation(np.arange(area) < area // 2).reshape(decimation, decimation)
    frame = (lowest + np.tile(block, (9, 7))[:, :, None].repeat(3, axis=2)).astype(np.uint8)
    crop = CropGeometry(np.array([[decimation, 0, 0.3], [0, decimation, 0.7]], np.float64), decimation)
    got = render(named(name), frame, crop, [PLAIN], levels(8))
    np.testing.assert_array_equal(got, render(named("reference"), frame, crop, [PLAIN], levels(8)))


@settings(max_examples=120, deadline=None)
@given(
    crop=crops(),
    views=st.lists(view_specs(Squeeze.NONE), min_size=1, max_size=4),
    size=st.tuples(st.integers(1, 120), st.integers(1, 120)),
    side=st.integers(1, 48),
    seed=st.one_of(st.none(), st.integers(0, 1000)),
)
def test_the_definition_is_near_what_fixed_point_stands_for(
    crop: CropGeometry, views: list[ViewSpec], size: tuple[int, int], side: int, seed: int | None
) -> None:
    assume(all(fits(view, side) for view in views))
    noise = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    frame = smooth_frame(*size) if seed is None else noise
    got = render(named("reference"), frame, crop, views, levels(side))
    wanted = render(ReferenceRenderer(exactly_sampled), frame, crop, views, levels(side))
    assert np.abs(got - wanted).max() <= (SMOOTH_LEVELS if seed is None else NOISE_LEVELS)


@settings(max_examples=80, deadline=None)
@given(view=view_specs(), side=st.integers(2, 40))
@pytest.mark.parametrize("name", RENDERERS)
def test_occlusions_and_padding_hide_exactly_the_defined_pixels(name: str, view: ViewSpec, side: int) -> None:
    assume(fits(view, side))
    crop = CropGeometry.from_matrix(np.array([[1.0, 0, 3], [0, 1.0, 5]]))
    plain = ViewSpec(name="x", inner=view.inner, occlusions=view.occlusions, fill=view.fill)
    got = render(named(name), np.full((60, 60, 3), 255 - view.fill, np.uint8), crop, [plain], levels(side))
    wanted = render(named("reference"), np.full((60, 60, 3), 255 - view.fill, np.uint8), crop, [plain], levels(side))
    np.testing.assert_array_equal(got == view.fill, wanted == view.fill)


def test_an_upright_whole_pixel_crop_is_the_frame_itself(renderer: Renderer) -> None:
    frame = np.random.default_rng(1).integers(0, 256, (50, 70, 3), np.uint8)
    crop = CropGeometry.from_matrix(np.array([[1.0, 0, 11], [0, 1.0, 7]]))
    got = render(renderer, frame, crop, [PLAIN], levels(32))[0]
    np.testing.assert_array_equal(got, frame[7:39, 11:43].transpose(2, 0, 1))


@pytest.mark.parametrize("order", ChannelOrder)
def test_normalization_is_float32_in_the_models_channel_order(renderer: Renderer, order: ChannelOrder) -> None:
    frame = np.random.default_rng(2).integers(0, 256, (40, 40, 3), np.uint8)
    spec = InputSpec(40, order, 127.5, 1 / 128)
    got = render(renderer, frame, CropGeometry(np.eye(2, 3), 1), [PLAIN], spec)[0]
    wanted = (frame.astype(np.float32) - np.float32(127.5)) * np.float32(1 / 128)
    np.testing.assert_array_equal(
        got, (wanted[:, :, ::-1] if order is ChannelOrder.RGB else wanted).transpose(2, 0, 1)
    )


@pytest.mark.parametrize("shift", [(-500.0, 0.0), (0.0, -500.0), (900.0, 900.0)])
def test_a_crop_wholly_outside_the_frame_is_black_but_for_its_fill(
    renderer: Renderer, shift: tuple[float, float]
) -> None:
    crop = CropGeometry.from_matrix(np.array([[1.0, 0, shift[0]], [0, 1.0, shift[1]]]))
    view = ViewSpec(name="x", inner=Region(0.25, 0.25, 0.5, 0.5), fill=77)
    got = render(renderer, np.full((40, 40, 3), 255, np.uint8), crop, [PLAIN, view], levels(20))
    assert not got[0].any()
    assert not got[1][:, 5:15, 5:15].any()
    assert (got[1][:, :5] == 77).all()


def test_a_frame_smaller_than_one_block_reads_as_black(renderer: Renderer) -> None:
    crop = CropGeometry(np.array([[4.0, 0, 0], [0, 4.0, 0]]), 4)
    assert not render(renderer, np.full((3, 3, 3), 255, np.uint8), crop, [PLAIN], levels(8)).any()


def test_a_one_pixel_frame_fades_into_black(renderer: Renderer) -> None:
    crop = CropGeometry.from_matrix(np.array([[0.5, 0, -1.0], [0, 0.5, -1.0]]))
    got = render(renderer, np.full((1, 1, 3), 200, np.uint8), crop, [PLAIN], levels(5))[0, 0]
    np.testing.assert_array_equal(got[2], [0, 100, 200, 100, 0])


def test_no_views_are_an_empty_batch(renderer: Renderer) -> None:
    render(renderer, np.zeros((4, 4, 3), np.uint8), CropGeometry(np.eye(2, 3), 1), [], levels(8))


def test_read_only_and_strided_frames_are_taken(renderer: Renderer) -> None:
    base = np.random.default_rng(4).integers(0, 256, (60, 80, 3), np.uint8)
    view = base[5:45, 7:57]
    view.setflags(write=False)
    crop = CropGeometry.from_matrix(np.array([[0.9, 0.1, 2.0], [-0.1, 0.9, 6.0]]))
    got = render(renderer, view, crop, [PLAIN], levels(32))
    np.testing.assert_array_equal(got, render(renderer, view.copy(), crop, [PLAIN], levels(32)))


@pytest.mark.parametrize(
    ("pixels", "out"),
    [
        (np.zeros((4, 4), np.uint8), np.zeros((1, 3, 8, 8), np.float32)),
        (np.zeros((0, 4, 3), np.uint8), np.zeros((1, 3, 8, 8), np.float32)),
        (np.zeros((4, 4, 3), np.float32), np.zeros((1, 3, 8, 8), np.float32)),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((2, 3, 8, 8), np.float32)),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((1, 3, 8, 8), np.float64)),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((1, 3, 8, 16), np.float32)[:, :, :, ::2]),
    ],
)
def test_wrong_arrays_are_refused(renderer: Renderer, pixels: Pixels, out: NDArray[np.float32]) -> None:
    with pytest.raises(ValueError, match="must be"):
        renderer.render(pixels, CropGeometry(np.eye(2, 3), 1), [PLAIN], levels(8), out)


@pytest.mark.parametrize("far", [1e7, 1e300])
def test_a_crop_out_of_reach_is_refused(renderer: Renderer, far: float) -> None:
    crop = CropGeometry(np.array([[1.0, 0, far], [0, 1.0, 0]]), 1)
    with pytest.raises(ValueError, match="origin"):
        renderer.render(np.zeros((4, 4, 3), np.uint8), crop, [PLAIN], levels(8), np.zeros((1, 3, 8, 8), np.float32))


def test_a_region_at_the_very_edge_keeps_a_pixel(renderer: Renderer) -> None:
    view = ViewSpec(name="tiny", inner=Region(0.99, 0.0, 0.01, 1.0))
    picture = render(renderer, np.full((8, 8, 3), 200, np.uint8), CropGeometry(np.eye(2, 3), 1), [view], levels(8))[0]
    assert (picture[..., :-1] == 0).all()
    assert (picture[..., -1] > 0).any()
