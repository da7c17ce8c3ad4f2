"""What all renderings of a device share: the loaded kernels, and the frame that is looked at, uploaded once."""

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from engines.errors import DeviceError
from engines.gpu.base import Gpu, GpuOwner, Kernel, StagedArray
from engines.render.cuda.parameters import FRAME, VIEW, FrameLayout, pack_frame, pack_views
from engines.render.spec import CropGeometry, InputSpec, ViewSpec

BLOCK = (32, 8, 1)
"""Threads of a block of the rendering kernels; as in squeeze.h."""


class RenderDevice:
    """The kernels on one device, and its frame. Everything but making and closing it is done in the owner's thread.

    Args:
        owner: of the device.
        fatbin: the compiled kernels.

    Raises:
        DeviceError: the kernels do not load.
    """

    def __init__(self, owner: GpuOwner, fatbin: bytes) -> None:
        self.owner = owner
        self._kernels = owner.do(lambda gpu: gpu.load_kernels(fatbin))
        self._staged: StagedArray | None = None
        self._layout: FrameLayout | None = None
        self._seen: NDArray[np.uint8] | None = None

    def kernel(self, name: str, dtype: np.dtype[np.float32] | np.dtype[np.float16]) -> Kernel:
        """Return a kernel by its name, for pictures of a type.

        Raises:
            DeviceError: there is none.
        """
        return self._kernels[f"{name}_fp{8 * dtype.itemsize}"]

    def look(self, gpu: Gpu, pixels: NDArray[np.uint8]) -> tuple[int, FrameLayout]:
        """Enqueue the upload of a frame, and return its address and how it lies there.

        The very same array is not uploaded again if nobody can have changed it since: read-only, and its memory its
        own. Of any other array nothing is assumed.

        Args:
            gpu: the device.
            pixels: uint8 BGR (h, w, 3) or NV12 (h * 3 / 2, w), of any strides; not needed afterwards.

        Raises:
            ValueError: they are neither.
            DeviceError: the device failed or is out of memory.
        """
        if self._seen is not None and pixels is self._seen and self._staged is not None and self._layout is not None:
            return self._staged.address, self._layout
        layout = FrameLayout.packed(pixels.shape, pixels.dtype)
        gpu.wait()  # what was enqueued may still read the last frame
        self._seen = None
        staged = self._room(gpu, layout.bytes)
        np.copyto(staged.host.reshape(pixels.shape), pixels)
        gpu.upload(staged)
        self._layout = layout
        if not pixels.flags.writeable and pixels.flags.owndata:
            self._seen = pixels
        return staged.address, layout

    def close(self) -> None:
        """Free the frame's memory."""

        def free(_: Gpu) -> None:
            if self._staged is not None:
                self._staged.free()

        with suppress(DeviceError):  # lost or closed before, and its memory with it
            self.owner.do(free)
        self._staged = self._seen = None

    def _room(self, gpu: Gpu, nbytes: int) -> StagedArray:
        if self._staged is None or self._staged.host.nbytes != nbytes:
            if self._staged is not None:
                self._staged.free()
                self._staged = None
            self._staged = gpu.stage((nbytes,), np.dtype(np.uint8))
        return self._staged


class Launcher:
    """Launches the rendering of views into a batch that lies on the device, one launch for all views of a call.

    It keeps a place for the parameters of every row, which is not written again before the device is done with it.
    In the owner's thread alone.

    Args:
        gpu: the device.
        device: kernels and frame.
        spec: what the model wants to be fed.
        batch: rows.
    """

    def __init__(self, gpu: Gpu, device: RenderDevice, spec: InputSpec, batch: int) -> None:
        self._device = device
        self._spec = spec
        self._frames = gpu.stage((batch,), FRAME)
        self._views = gpu.stage((batch,), VIEW)
        self._read_rows = 0

    def render(
        self,
        gpu: Gpu,
        row: int,
        pixels: NDArray[np.uint8],
        crop: CropGeometry,
        views: Sequence[ViewSpec],
        to: tuple[int, np.dtype[np.float32] | np.dtype[np.float16]],
    ) -> None:
        """Enqueue the rendering of views into rows from ``row`` on.

        Args:
            gpu: the device.
            row: of the first view.
            pixels: as :meth:`RenderDevice.look` takes them.
            crop: where the crop lies in the frame.
            views: what to make of it.
            to: where the batch begins on the device, and what its pixels are: float32 or float16.

        Raises:
            ValueError: the frame or a view cannot be rendered.
            DeviceError: the device failed.
        """
        if not views:
            return
        address, layout = self._device.look(gpu, pixels)
        if row < self._read_rows:
            gpu.wait()
            self._read_rows = 0
        side, end = self._spec.side, row + len(views)
        pack_views(layout, crop, views, side, self._views.host[row:end])
        pack_frame(layout, crop, self._spec, self._frames.host[row : row + 1])
        gpu.upload(self._views)
        gpu.upload(self._frames)
        self._read_rows = end
        begin, dtype = to
        grid = (-(-side // BLOCK[0]), -(-side // BLOCK[1]), len(views))
        arguments = (
            address,
            self._frames.address + row * FRAME.itemsize,
            self._views.address + row * VIEW.itemsize,
            begin + row * 3 * side * side * dtype.itemsize,
        )
        self._device.kernel("eg_render", dtype).launch(grid, BLOCK, arguments)

    def settled(self) -> None:
        """Note that the device is done with everything that was enqueued."""
        self._read_rows = 0

    def free(self) -> None:
        """Give the memory back."""
        self._frames.free()
        self._views.free()
