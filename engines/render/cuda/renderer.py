"""The kernels as a renderer like any other: pictures come back to the host. Serving renders into engines' inputs."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engines.errors import DeviceError
from engines.gpu.base import Gpu, StagedArray
from engines.render.base import Batch, Pixels, check_crop, check_render_arguments
from engines.render.cuda.device import Launcher, RenderDevice
from engines.render.spec import CropGeometry, InputSpec, ViewSpec

_MOST_VIEWS = 16
Picture = NDArray[np.float32] | NDArray[np.float16]


class CudaRenderer:
    """Renders on a device and brings the pictures to the host; see :class:`engines.render.base.Renderer`.

    Args:
        device: kernels and frame.
    """

    def __init__(self, device: RenderDevice) -> None:
        self._device = device
        self._desk: _Desk | None = None

    def render(
        self, pixels: Pixels, crop: CropGeometry, views: Sequence[ViewSpec], spec: InputSpec, out: Batch
    ) -> None:
        """Render as ``Renderer.render`` says.

        Raises:
            DeviceError: the device failed.
        """
        check_render_arguments(pixels, views, spec, out)
        self.render_native(pixels, crop, views, spec, out)

    def render_native(
        self, pixels: Pixels, crop: CropGeometry, views: Sequence[ViewSpec], spec: InputSpec, out: Picture
    ) -> None:
        """Render a frame in the camera's own format, BGR or NV12, into float32 or float16 pictures.

        Raises:
            ValueError: the frame, the crop or a view cannot be rendered.
            DeviceError: the device failed.
        """
        check_crop(crop, spec.side)
        for start in range(0, len(views), _MOST_VIEWS):
            part = views[start : start + _MOST_VIEWS]
            work = partial(self._render_part, pixels=pixels, crop=crop, views=part, spec=spec)
            self._device.owner.do(partial(work, out=out[start : start + len(part)]))

    def close(self) -> None:
        """Free its memory; the device's own stays."""
        desk, self._desk = self._desk, None
        if desk is not None:
            with suppress(DeviceError):  # lost or closed before, and its memory with it
                self._device.owner.do(lambda _: desk.free())

    def _render_part(
        self,
        gpu: Gpu,
        *,
        pixels: Pixels,
        crop: CropGeometry,
        views: Sequence[ViewSpec],
        spec: InputSpec,
        out: Picture,
    ) -> None:
        desk = self._desk_for(gpu, spec, out.dtype)
        desk.launcher.render(gpu, 0, pixels, crop, views, (desk.pictures.address, out.dtype))
        gpu.download(desk.pictures)
        gpu.wait()
        desk.launcher.settled()
        np.copyto(out, desk.pictures.host[: len(views)])

    def _desk_for(self, gpu: Gpu, spec: InputSpec, dtype: np.dtype[np.float32] | np.dtype[np.float16]) -> "_Desk":
        if self._desk is None or not self._desk.fits(spec, dtype):
            if self._desk is not None:
                self._desk.free()
                self._desk = None
            self._desk = _Desk(gpu, self._device, spec, dtype)
        return self._desk


class _Desk:
    """Memory for pictures of one kind."""

    def __init__(
        self, gpu: Gpu, device: RenderDevice, spec: InputSpec, dtype: np.dtype[np.float32] | np.dtype[np.float16]
    ) -> None:
        self._kind = (spec, dtype)
        self.launcher = Launcher(gpu, device, spec, _MOST_VIEWS)
        self.pictures: StagedArray = gpu.stage((_MOST_VIEWS, 3, spec.side, spec.side), dtype)

    def fits(self, spec: InputSpec, dtype: np.dtype[np.float32] | np.dtype[np.float16]) -> bool:
        return self._kind == (spec, dtype)

    def free(self) -> None:
        self.launcher.free()
        self.pictures.free()
