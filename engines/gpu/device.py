"""A CUDA device through PyCUDA, as the thread that owns it sees it."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from engines.errors import DeviceError, DeviceLostError
from engines.gpu.base import DeviceMemory, GpuFacts, Kernel, StagedArray
from engines.gpu.driver import started_driver
from engines.gpu.memory import CopiedArray, CudaMemory, MappedArray

_NON_BLOCKING = 1  # CU_STREAM_NON_BLOCKING: work of the default stream, whoever does it, does not wait for ours
_BUILD_HINT = "run 'edge-gate engines build --kernels' on this device"
_LOST_HINT = "end this process and start it again; if it stays, look for the device's errors in the kernel log"


@contextmanager
def opened_device(ordinal: int = 0) -> Iterator["CudaGpu"]:
    """Give a device to the calling thread: its primary context, which TensorRT uses too, is current meanwhile.

    Raises:
        RuntimeMissingError: PyCUDA or the CUDA driver is missing.
        DeviceError: the driver does not start, or there is no such device.
    """
    driver = started_driver()
    try:
        device = driver.Device(ordinal)
        context = device.retain_primary_context()
        context.push()
    except driver.Error as error:
        raise DeviceError(
            f"CUDA device {ordinal} cannot be used: {error}", hint="check the device and its driver"
        ) from error
    try:
        gpu = CudaGpu(driver, device)
        try:
            yield gpu
        finally:
            gpu.close()
    finally:
        with suppress(driver.Error):  # of a lost device
            context.pop()
        with suppress(driver.Error):
            context.detach()


class CudaGpu:
    """One device with one stream; see :class:`engines.gpu.base.Gpu`. Made and used in one thread.

    Args:
        driver: PyCUDA's, started.
        device: PyCUDA's, its context current.

    Attributes:
        lost: why nothing runs on it any more; None while all is well.
    """

    def __init__(self, driver: Any, device: Any) -> None:
        self.lost: DeviceLostError | None = None
        self._driver = driver
        self._thread = threading.get_ident()
        self._kept: dict[int, CudaMemory | MappedArray | CopiedArray] = {}
        self._modules: list[_ModuleKernels] = []
        with self._loss("is opened"):
            self._facts = _facts_of(driver, device)
            self._stream: Any = driver.Stream(_NON_BLOCKING)
            # A thread that waits for it sleeps; PyCUDA cannot ask the primary context for that.
            self._done: Any = driver.Event(driver.event_flags.BLOCKING_SYNC | driver.event_flags.DISABLE_TIMING)

    @property
    def facts(self) -> GpuFacts:
        """What it is."""
        return self._facts

    @property
    def stream_handle(self) -> int:
        """The one stream."""
        self._require_usable()
        return int(self._stream.handle)

    def allocate(self, nbytes: int) -> DeviceMemory:
        """Return new device memory.

        Raises:
            DeviceError: there is not so much left.
        """
        if nbytes < 1:
            raise ValueError(f"memory has at least one byte, got {nbytes}")
        self._require_usable()
        with self._loss(f"was asked for {nbytes} bytes"):
            memory = CudaMemory(self._driver, nbytes)
        self._kept[id(memory)] = memory
        return memory

    def stage(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> StagedArray:
        """Return a new array that both sides see, zeroed.

        Raises:
            DeviceError: there is not so much left.
        """
        if not shape or min(shape) < 1:
            raise ValueError(f"a staged array has at least one element, got {shape}")
        self._require_usable()
        kind = MappedArray if self._facts.is_integrated else CopiedArray
        with self._loss(f"was asked for an array {shape} of {dtype}"):
            array = kind(self._driver, shape, dtype)
            self._kept[id(array)] = array
            array.upload(self._stream)
        return array

    def upload(self, array: StagedArray) -> None:
        """Enqueue the copy to the device, where that is a copy."""
        own = self._own(array)
        with self._loss("copied from the host"):
            own.upload(self._stream)

    def download(self, array: StagedArray) -> None:
        """Enqueue the copy to the host, where that is a copy."""
        own = self._own(array)
        with self._loss("copied to the host"):
            own.download(self._stream)

    def wait(self) -> None:
        """Wait until all that was enqueued is done, without spinning a core.

        Raises:
            DeviceLostError: something of it failed.
        """
        self._require_usable()
        with self._loss("computed"):
            self._done.record(self._stream)
            self._done.synchronize()

    def load_kernels(self, fatbin: bytes) -> Mapping[str, Kernel]:
        """Return the kernels of a compiled module by name, each looked up when it is first asked for.

        Raises:
            DeviceError: it was compiled for another device, or is no module.
        """
        self._require_usable()
        try:
            module = self._driver.module_from_buffer(fatbin)
        except self._driver.Error as error:
            raise DeviceError(f"the kernels do not load on {self._facts.name}: {error}", hint=_BUILD_HINT) from error
        kernels = _ModuleKernels(self, module)
        self._modules.append(kernels)
        return kernels

    def find(self, module: Any, name: str) -> "CudaKernel":
        """Return a function of a module; :class:`_ModuleKernels` calls it.

        Raises:
            DeviceError: there is none of this name.
        """
        self._require_usable()
        try:
            return CudaKernel(self, module.get_function(name))
        except self._driver.Error as error:
            raise DeviceError(f"there is no kernel {name!r}: {error}", hint=_BUILD_HINT) from error

    def launch(self, function: Any, grid: tuple[int, int, int], block: tuple[int, int, int], addresses: Any) -> None:
        """Enqueue a prepared function; :class:`CudaKernel` calls it.

        Raises:
            DeviceLostError: the launch was refused.
        """
        self._require_usable()
        with self._loss("launched a kernel"):
            function.prepared_async_call(grid, block, self._stream, *addresses)

    def close(self) -> None:
        """Free what is left, in this thread: whatever PyCUDA would free in another one leaks."""
        for module in self._modules:
            module.close()
        for memory in self._kept.values():
            with suppress(self._driver.Error):  # of a lost device
                memory.free()
        self._modules.clear()
        self._kept.clear()
        self._stream = self._done = None

    @contextmanager
    def _loss(self, doing: str) -> Iterator[None]:
        """Tell want of memory from the loss of the device. Any other error may be an earlier kernel's: all count."""
        try:
            yield
        except self._driver.MemoryError as error:
            raise DeviceError(
                f"{self._name()} has no memory left when it {doing}",
                hint="end other programs that use the device, or serve smaller batches",
            ) from error
        except self._driver.Error as error:
            lost = DeviceLostError(f"{self._name()} failed when it {doing}: {error}", hint=_LOST_HINT)
            self.lost = DeviceLostError(str(lost), hint=lost.hint)  # its own, free of what the raised one refers to
            raise lost from error

    def _name(self) -> str:
        facts = getattr(self, "_facts", None)
        return facts.name if facts else "the device"

    def _own(self, array: StagedArray) -> MappedArray | CopiedArray:
        self._require_usable()
        own = self._kept.get(id(array))
        if own is not array or isinstance(own, CudaMemory):
            raise ValueError("the array was staged on another device")
        return own

    def _require_usable(self) -> None:
        if threading.get_ident() != self._thread:
            raise RuntimeError("a device is used by the thread that owns it alone; hand the work over")
        if self.lost is not None:
            raise DeviceLostError(str(self.lost), hint=self.lost.hint)
        if self._stream is None:
            raise DeviceError("the device was closed", hint="restart the gate")


class _ModuleKernels(dict[str, Kernel]):
    """The functions of one module."""

    def __init__(self, gpu: CudaGpu, module: Any) -> None:
        super().__init__()
        self._gpu = gpu
        self._module = module

    def __missing__(self, name: str) -> Kernel:
        kernel = self[name] = self._gpu.find(self._module, name)
        return kernel

    def close(self) -> None:
        """Let go of the module, in the owner's thread."""
        for kernel in self.values():
            if isinstance(kernel, CudaKernel):
                kernel.close()
        self._module = None


class CudaKernel:
    """A function of a loaded module; see :class:`engines.gpu.base.Kernel`."""

    def __init__(self, gpu: CudaGpu, function: Any) -> None:
        self._gpu = gpu
        self._function = function
        self._arguments = -1

    def launch(self, grid: tuple[int, int, int], block: tuple[int, int, int], addresses: Sequence[int]) -> None:
        """Enqueue it; every argument is a device address.

        Raises:
            DeviceLostError: the launch was refused.
        """
        if self._function is None:
            raise DeviceError("a kernel is used after its device was closed", hint="restart the gate")
        if self._arguments != len(addresses):
            self._function.prepare("P" * len(addresses))
            self._arguments = len(addresses)
        self._gpu.launch(self._function, grid, block, addresses)

    def close(self) -> None:
        """Let go of the module."""
        self._function = None


def _facts_of(driver: Any, device: Any) -> GpuFacts:
    attributes = driver.device_attribute
    major, minor, _ = driver.get_version()
    return GpuFacts(
        name=str(device.name()),
        capability=tuple(device.compute_capability()),
        multiprocessors=int(device.get_attribute(attributes.MULTIPROCESSOR_COUNT)),
        memory_bytes=int(device.total_memory()),
        is_integrated=bool(device.get_attribute(attributes.INTEGRATED)),
        driver_version=int(driver.get_driver_version()),
        runtime_version=1000 * major + 10 * minor,
    )
