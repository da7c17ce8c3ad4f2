"""What the launcher makes of a device is to the bit what the kernels make of the host: in both formats and types."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engines.errors import DeviceLostError
from engines.gpu.device import opened_device
from engines.gpu.thread import OwnerThread
from engines.render.cuda.device import RenderDevice
from engines.render.cuda.parameters import MOST_HOLES
from engines.render.cuda.renderer import CudaRenderer
from engines.render.spec import PLAIN, ChannelOrder, CropGeometry, InputSpec, Region, Squeeze, ViewSpec
from tests.support.host_cuda import FATBIN, ILLEGAL_ADDRESS, HostCuda, begun_host_cuda, needs_host_cuda
from tests.support.host_kernels import HostKernels

pytestmark = needs_host_cuda

CROP = CropGeometry.from_matrix(np.array([[2.3, 0.4, 3.0], [-0.4, 2.3, 20.0]]))
SPEC = InputSpec(61, ChannelOrder.RGB, 127.5, 1 / 128)
VIEWS = [
    ViewSpec(
        name=f"{squeeze}-{n}",
        inner=Region(n / 20, 0.1, 0.6, 0.9),
        squeeze=squeeze,
        occlusions=(Region(0.3, 0.0, 0.2, n / 10 + 0.1),),
        fill=40 * n,
    )
    for squeeze in Squeeze
    for n in range(5)
]
Frame = NDArray[np.uint8]


@pytest.fixture(params=[True, False], ids=["integrated", "discrete"])
def cuda(request: pytest.FixtureRequest) -> HostCuda:
    return begun_host_cuda(is_integrated=bool(request.param))


@pytest.fixture
def renderer(cuda: HostCuda) -> Iterator[CudaRenderer]:
    owner = OwnerThread(opened_device)
    device = RenderDevice(owner, FATBIN)
    renderer = CudaRenderer(device)
    yield renderer
    renderer.close()
    device.close()
    owner.close()
    assert cuda.left == 0


def bgr() -> Frame:
    return cv2.GaussianBlur(np.random.default_rng(3).integers(0, 256, (180, 202, 3), np.uint8), (3, 3), 0).astype(
        np.uint8
    )


def nv12() -> Frame:
    return np.random.default_rng(4).integers(0, 256, (270, 202), np.uint8)


@pytest.mark.parametrize("make", [bgr, nv12])
def test_every_bit_is_the_kernels(renderer: CudaRenderer, cuda: HostCuda, make: object) -> None:
    pixels = bgr() if make is bgr else nv12()
    for out, wanted in (
        (np.zeros((len(VIEWS), 3, 61, 61), np.float32), np.ones((len(VIEWS), 3, 61, 61), np.float32)),
        (np.zeros((len(VIEWS), 3, 61, 61), np.float16), np.ones((len(VIEWS), 3, 61, 61), np.float16)),
    ):
        before = cuda.launches
        renderer.render_native(pixels, CROP, VIEWS, SPEC, out)
        HostKernels().render_bytes(pixels, CROP, VIEWS, SPEC, wanted)
        assert out.tobytes() == wanted.tobytes()
        assert cuda.launches == before + 2  # 20 views: a full part and the rest


def test_an_nv12_frame_gives_the_very_picture_of_its_bgr_form(renderer: CudaRenderer) -> None:
    native = nv12()
    converted = np.asarray(cv2.cvtColor(native, cv2.COLOR_YUV2BGR_NV12), np.uint8)
    one, other = np.zeros((2, 1, 3, 61, 61), np.float32)
    renderer.render_native(native, CROP, [PLAIN], SPEC, one)
    renderer.render(converted, CROP, [PLAIN], SPEC, other)
    np.testing.assert_array_equal(one, other)


def test_more_occlusions_than_the_kernels_take_are_refused_and_nothing_is_launched(
    renderer: CudaRenderer, cuda: HostCuda
) -> None:
    view = ViewSpec(name="many", occlusions=(Region(0.1, 0.1, 0.1, 0.1),) * (MOST_HOLES + 1))
    with pytest.raises(ValueError, match="occlusions"):
        renderer.render(bgr(), CROP, [view], SPEC, np.zeros((1, 3, 61, 61), np.float32))
    assert cuda.launches == 0


def test_a_launch_that_is_refused_loses_the_device(cuda: HostCuda) -> None:
    owner = OwnerThread(opened_device)
    device = RenderDevice(owner, FATBIN)
    renderer = CudaRenderer(device)
    cuda.fail("cuLaunchKernel", ILLEGAL_ADDRESS)
    for _ in range(2):
        with pytest.raises(DeviceLostError):
            renderer.render(bgr(), CROP, [PLAIN], SPEC, np.zeros((1, 3, 61, 61), np.float32))
    renderer.close()
    device.close()
    owner.close()
