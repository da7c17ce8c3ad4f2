"""Views rendered by the CUDA kernels straight into an engine's input: no picture crosses to the host."""

from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from engines.errors import DeviceError
from engines.gpu.base import DeviceEngine, Gpu, StagedArray
from engines.render.base import check_crop, check_views
from engines.render.cuda.device import Launcher, RenderDevice
from engines.render.cuda.parameters import SPARSE
from engines.render.spec import CropGeometry, InputSpec, ViewSpec
from engines.views.base import SAMPLE_STEP, Answer, FloatArray, Pixels, check_room

_SPARSE_BLOCK = (256, 1, 1)


class DeviceViews:
    """An engine whose input lies on the device; see :class:`engines.views.base.ViewEngine`.

    The sample of the pictures is read from the engine's own input, so that it is what the model saw.

    Args:
        engine: active.
        device: kernels and frame, of the same owner as the engine's.
        spec: how a view is rendered for this model.
        output: name of the model's output.
        batch: pictures of the engine's input.

    Raises:
        DeviceError: there is not enough memory.
    """

    def __init__(
        self, engine: DeviceEngine, device: RenderDevice, spec: InputSpec, *, output: str, batch: int
    ) -> None:
        self._engine = engine
        self._device = device
        self._spec = spec
        self._output = output
        self._batch = batch
        self._launcher, self._sampler = device.owner.do(self._prepared)

    @property
    def batch(self) -> int:
        """How many pictures it takes at once."""
        return self._batch

    @property
    def takes_nv12(self) -> bool:
        """Yes: the kernels read both."""
        return True

    def show(self, row: int, pixels: Pixels, crop: CropGeometry, views: Sequence[ViewSpec]) -> None:
        """Enqueue the rendering of views into the engine's input; the frame may also be NV12 (h * 3 / 2, w)."""
        check_room(row, views, self._batch)
        check_views(views, self._spec)
        check_crop(crop, self._spec.side)
        to = (self._engine.input_address, self._engine.input_dtype)
        self._device.owner.do(lambda gpu: self._launcher.render(gpu, row, pixels, crop, views, to))

    def answer(self, count: int) -> Answer:
        """Run the model on its input."""

        def work(gpu: Gpu) -> Answer:
            self._sampler.enqueue(gpu, self._engine.input_address)
            self._engine.enqueue(gpu)
            rows: FloatArray = self._engine.outputs(gpu)[self._output][:count].reshape(count, -1).copy()
            self._launcher.settled()
            return Answer(rows, self._sampler.pictures[:count].copy())

        return self._device.owner.do(work)

    def close(self) -> None:
        """Free its memory; the engine's and the device's own stay."""

        def free(_: Gpu) -> None:
            self._launcher.free()
            self._sampler.free()

        with suppress(DeviceError):  # lost or closed before, and its memory with it
            self._device.owner.do(free)

    def _prepared(self, gpu: Gpu) -> "tuple[Launcher, _Sampler]":
        sampler = _Sampler(gpu, self._device, self._engine.input_dtype, self._batch, self._spec.side)
        return Launcher(gpu, self._device, self._spec, self._batch), sampler


class _Sampler:
    """Brings every few pixels of an input batch to the host. In the owner's thread alone."""

    def __init__(self, gpu: Gpu, device: RenderDevice, dtype: np.dtype[np.float32], batch: int, side: int) -> None:
        self._kernel = device.kernel("eg_sparse", dtype)
        across = -(-side // SAMPLE_STEP)
        self._terms = gpu.stage((1,), SPARSE)
        self._terms.host[0] = (batch, side, SAMPLE_STEP, 0)
        gpu.upload(self._terms)
        self._pictures: StagedArray = gpu.stage((batch, 3, across, across), np.dtype(np.float32))
        self._blocks = -(-self._pictures.host.size // _SPARSE_BLOCK[0])

    @property
    def pictures(self) -> FloatArray:
        """float32 (batch, 3, h, w), after the device was waited for."""
        return self._pictures.host

    def enqueue(self, gpu: Gpu, input_address: int) -> None:
        """Enqueue the sampling of an input batch."""
        addresses = (input_address, self._terms.address, self._pictures.address)
        self._kernel.launch((self._blocks, 1, 1), _SPARSE_BLOCK, addresses)
        gpu.download(self._pictures)

    def free(self) -> None:
        """Give the memory back."""
        self._terms.free()
        self._pictures.free()
