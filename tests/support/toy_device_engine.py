"""A small linear model, on the host and with its input on a device of host memory."""

import ctypes
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.gpu.base import DeviceMemory, FloatArray, Gpu, GpuOwner
from engines.runtime.base import Engine, Precision

SIDE = 24
DIMENSIONS = 6
WEIGHTS = np.random.default_rng(7).normal(0, 1, (3 * SIDE * SIDE, DIMENSIONS)).astype(np.float32)


def rows_of(pictures: NDArray[Any]) -> FloatArray:
    """Return what the toy makes of pictures (n, 3, SIDE, SIDE)."""
    flat = pictures.reshape(len(pictures), -1).astype(np.float32)
    return np.stack([(picture[:, None] * WEIGHTS).sum(axis=0) for picture in flat])


class ToyEngine(Engine):
    """The toy on the host. A stuck one gives every picture the same answer."""

    runtime = "toy"

    def __init__(self, batch: int) -> None:
        super().__init__(model_id="toy", precision=Precision.FP32, input_shape=(batch, 3, SIDE, SIDE))
        self.is_stuck = False

    def _activate(self) -> None: ...

    def _infer(self, batch: FloatArray) -> Mapping[str, FloatArray]:
        rows = rows_of(batch)
        return {"y": np.repeat(rows[:1] * 0 + 1, len(rows), axis=0) if self.is_stuck else rows}

    def _deactivate(self) -> None: ...


class ToyDeviceEngine(ToyEngine):
    """The toy with its input on a device; whoever reads that before the device was waited for sees it unwritten."""

    def __init__(self, batch: int, owner: GpuOwner, dtype: type[np.float32] | type[np.float16] = np.float32) -> None:
        super().__init__(batch)
        self._owner = owner
        self._dtype = np.dtype(dtype)
        self._memory: DeviceMemory | None = None

    @property
    def input_address(self) -> int:
        return self._held().address

    @property
    def input_dtype(self) -> np.dtype[Any]:
        return self._dtype

    def enqueue(self, gpu: Gpu) -> None:
        self._held()

    def outputs(self, gpu: Gpu) -> Mapping[str, FloatArray]:
        gpu.wait()
        return self._infer(self.pictures().astype(np.float32))

    def pictures(self) -> NDArray[Any]:
        """Return what lies in the input."""
        raw = (ctypes.c_uint8 * self._held().nbytes).from_address(self.input_address)
        return np.ctypeslib.as_array(raw).view(self._dtype).reshape(self.input_shape).copy()

    def _activate(self) -> None:
        nbytes = int(np.prod(self.input_shape)) * self._dtype.itemsize
        self._memory = self._owner.do(lambda gpu: gpu.allocate(nbytes))

    def _deactivate(self) -> None:
        memory, self._memory = self._memory, None
        if memory is not None:
            self._owner.do(lambda _: memory.free())

    def _held(self) -> DeviceMemory:
        assert self._memory is not None
        return self._memory
