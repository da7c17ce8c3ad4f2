"""Kernels that render what is defined are served; one wrong value, and they are not."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from engines.errors import AcceptanceError
from engines.gpu.device import opened_device
from engines.gpu.thread import OwnerThread
from engines.render.base import Batch, Pixels
from engines.render.cuda.device import RenderDevice
from engines.render.cuda.proof import require_equal, require_proven_kernels
from engines.render.spec import CropGeometry, InputSpec, ViewSpec
from tests.support.host_cuda import FATBIN, begun_host_cuda, needs_host_cuda
from tests.support.host_kernels import HostKernels, needs_compiler

Spoils = Callable[[NDArray[np.float32]], None]


class Spoiled(HostKernels):
    """The kernels, with something wrong."""

    def __init__(self, spoil: Spoils, *, is_spoiled: Callable[[CropGeometry], bool]) -> None:
        self._spoil = spoil
        self._is_spoiled = is_spoiled

    def render(
        self, pixels: Pixels, crop: CropGeometry, views: Sequence[ViewSpec], spec: InputSpec, out: Batch
    ) -> None:
        super().render(pixels, crop, views, spec, out)
        if self._is_spoiled(crop):
            self._spoil(out)


def shifted(out: NDArray[np.float32]) -> None:
    out[...] = np.roll(out, 1, axis=3)


def nudged(out: NDArray[np.float32]) -> None:
    out[-1, -1, -1, -1] = np.nextafter(out[-1, -1, -1, -1], np.float32(9))


def swapped(out: NDArray[np.float32]) -> None:
    out[...] = out[:, ::-1].copy()


def unwritten(out: NDArray[np.float32]) -> None:
    out[...] = 0


def not_finite(out: NDArray[np.float32]) -> None:
    out[0, 0, 0, 0] = np.nan


@needs_compiler
def test_the_kernels_are_proven() -> None:
    require_equal(HostKernels())


@needs_compiler
@pytest.mark.parametrize("spoil", [shifted, nudged, swapped, unwritten, not_finite])
@pytest.mark.parametrize(
    "is_spoiled",
    [
        lambda crop: not crop.matrix[0, 1],
        lambda crop: crop.matrix[0, 1] and crop.decimation == 1,
        lambda crop: crop.decimation == 2,
        lambda crop: crop.decimation == 4,
    ],
    ids=["upright", "turned", "half", "quarter"],
)
def test_kernels_that_err_are_refused(spoil: Spoils, is_spoiled: Callable[[CropGeometry], bool]) -> None:
    with pytest.raises(AcceptanceError, match="not served") as caught:
        require_equal(Spoiled(spoil, is_spoiled=is_spoiled))
    assert "build --kernels" in caught.value.hint


@needs_host_cuda
@pytest.mark.parametrize("is_integrated", [True, False])
def test_a_device_is_proven_and_keeps_nothing_of_it(is_integrated: bool) -> None:
    cuda = begun_host_cuda(is_integrated=is_integrated)
    owner = OwnerThread(opened_device)
    device = RenderDevice(owner, FATBIN)
    require_proven_kernels(device)
    device.close()
    owner.close()
    assert cuda.left == 0
