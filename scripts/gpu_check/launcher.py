"""One launch to be repeated: what is timed is the kernel, not the way of frame and parameters to the device."""

import numpy as np
from numpy.typing import NDArray

from engines.gpu.base import Gpu, Kernel, StagedArray
from engines.render.cuda.device import BLOCK
from engines.render.cuda.parameters import FRAME, VIEW, FrameLayout, pack_frame, pack_views
from scripts.gpu_check.drawn import Case


def grid_of(side: int, views: int) -> tuple[int, int, int]:
    """Return the grid of one launch: blocks across, blocks down, views."""
    return (-(-side // BLOCK[0]), -(-side // BLOCK[1]), views)


class Prepared:
    """A case whose frame and parameters lie on the device, ready to be rendered any number of times.

    Args:
        gpu: in its owner's thread, as every call here.
        case: what is rendered.
        dtype: float32 or float16.
    """

    def __init__(self, gpu: Gpu, case: Case, dtype: np.dtype[np.float32] | np.dtype[np.float16]) -> None:
        self._gpu = gpu
        self._case = case
        self._frame = _staged(gpu, np.ascontiguousarray(case.pixels))
        frame, views = np.zeros(1, FRAME), np.zeros(len(case.views), VIEW)
        layout = FrameLayout.of(np.ascontiguousarray(case.pixels))
        pack_frame(layout, case.crop, case.spec, frame)
        pack_views(layout, case.crop, case.views, case.spec.side, views)
        self._terms, self._views = (_staged(gpu, a.view(np.uint8).reshape(-1)) for a in (frame, views))
        self._out = gpu.stage((len(case.views), 3, case.spec.side, case.spec.side), dtype)

    def launch(self, kernel: Kernel) -> None:
        """Enqueue one rendering of all views."""
        addresses = (self._frame.address, self._terms.address, self._views.address, self._out.address)
        kernel.launch(grid_of(self._case.spec.side, len(self._case.views)), BLOCK, addresses)

    def free(self) -> None:
        """Give everything back."""
        for array in (self._frame, self._terms, self._views, self._out):
            array.free()


def _staged(gpu: Gpu, values: NDArray[np.uint8]) -> StagedArray:
    array = gpu.stage(values.shape, values.dtype)
    array.host[...] = values
    gpu.upload(array)
    return array
