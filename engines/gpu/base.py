"""The roles of a CUDA device: what its owner thread offers to the kernels and to TensorRT.

Everything of a device lives in one thread (contexts are thread-local; an object freed elsewhere leaks), and all work
goes to one non-blocking stream, so that a kernel and the inference behind it need no event between them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuFacts:
    """What a device is; a compiled engine fits one set of these alone.

    Attributes:
        name: as the driver calls it.
        capability: compute capability, major and minor.
        multiprocessors: how many.
        memory_bytes: all of its memory.
        is_integrated: whether it shares its memory with the CPU, as on a Jetson.
        driver_version: CUDA version of the driver, such as 13000.
        runtime_version: CUDA version that the program was built with.
    """

    name: str
    capability: tuple[int, int]
    multiprocessors: int
    memory_bytes: int
    is_integrated: bool
    driver_version: int
    runtime_version: int


class DeviceMemory(Protocol):
    """Memory of the device; aligned to 256 bytes at least."""

    @property
    def address(self) -> int:
        """Device address of its first byte."""

    @property
    def nbytes(self) -> int:
        """How large it is."""

    def free(self) -> None:
        """Give it back; once, in the owner's thread."""


class StagedArray(Protocol):
    """An array that both sides see: page-locked on the host, with a place on the device.

    On an integrated GPU both are the same bytes (mapped memory) and copying does nothing; on a discrete one they are
    two, and ``Gpu.upload`` and ``Gpu.download`` copy between them.
    """

    @property
    def host(self) -> NDArray[Any]:
        """What the CPU reads and writes."""

    @property
    def address(self) -> int:
        """Where the device sees it."""

    def free(self) -> None:
        """Give both sides back; once, in the owner's thread."""


class Kernel(Protocol):
    """A function of a loaded module."""

    def launch(self, grid: tuple[int, int, int], block: tuple[int, int, int], addresses: Sequence[int]) -> None:
        """Enqueue it on the device's stream; every argument is a device address.

        Raises:
            DeviceError: the launch was refused.
        """


class Gpu(Protocol):
    """A device as its owner's thread sees it. Calls from any other thread are faults of the program."""

    @property
    def facts(self) -> GpuFacts:
        """What it is."""

    @property
    def stream_handle(self) -> int:
        """The one stream, as TensorRT wants it. Never the default stream."""

    def allocate(self, nbytes: int) -> DeviceMemory:
        """Return new device memory.

        Raises:
            DeviceError: there is not so much left.
        """

    def stage(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> StagedArray:
        """Return a new array that both sides see, zeroed.

        Raises:
            DeviceError: there is not so much left.
        """

    def upload(self, array: StagedArray) -> None:
        """Enqueue the copy of the whole array to the device, where that is a copy."""

    def download(self, array: StagedArray) -> None:
        """Enqueue the copy of the whole array to the host, where that is a copy; valid after ``wait``."""

    def wait(self) -> None:
        """Wait until all that was enqueued is done, without spinning a core.

        Raises:
            DeviceError: something of it failed. The context is lost then: the device is never used again.
        """

    def load_kernels(self, fatbin: bytes) -> Mapping[str, Kernel]:
        """Return the kernels of a compiled module by name.

        Raises:
            DeviceError: it was compiled for another device, or is no module.
        """


class GpuOwner(Protocol):
    """The thread that owns a device. From any thread: hand work over and wait for what becomes of it."""

    def do(self, work: Callable[[Gpu], Result]) -> Result:
        """Run ``work`` in the owner's thread, after what was handed over before, and return what it returns.

        Called from the owner's thread itself, it runs at once.

        Raises:
            DeviceError: the device is lost, or was closed. Whatever ``work`` raises comes through as it is.
        """

    def close(self) -> None:
        """Free what is left, give the device back and end the thread; does nothing the second time."""


class DeviceEngine(Protocol):
    """An engine whose input lies on the device, so that a kernel can write it there. All in the owner's thread."""

    @property
    def input_address(self) -> int:
        """Where its input batch begins, C-contiguous (batch, 3, side, side)."""

    @property
    def input_dtype(self) -> np.dtype[Any]:
        """float32 or float16."""

    def enqueue(self, gpu: Gpu) -> None:
        """Enqueue an inference of what lies in the input, and the way of its outputs to the host.

        Raises:
            InferenceError: it was refused.
        """

    def outputs(self, gpu: Gpu) -> Mapping[str, FloatArray]:
        """Wait for what was enqueued and return the outputs by name; the next inference reuses them.

        Raises:
            DeviceError: the device failed.
            InferenceError: an output is not finite.
        """
