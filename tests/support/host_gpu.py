"""A CUDA device in the memory of the host: the roles of ``engines.gpu.base`` with numpy and one real thread.

It is as asynchronous as the real one: what is enqueued happens at ``wait``, so a missing copy or wait shows.
It refuses calls from other threads, memory that was freed and memory that was never its own.
"""

import ctypes
import itertools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from engines.errors import DeviceError
from engines.gpu.base import DeviceMemory, Gpu, GpuFacts, Kernel, StagedArray
from tests.support.host_gpu_kernels import host_gpu_kernels

Result = TypeVar("Result")
ALIGNMENT = 256
STREAMS: dict[int, "HostGpu"] = {}
"""The device of every stream that exists."""
_handles = itertools.count(0x5000)

DISCRETE = GpuFacts(
    name="Host GPU",
    capability=(8, 7),
    multiprocessors=8,
    memory_bytes=8 * 2**30,
    is_integrated=False,
    driver_version=13000,
    runtime_version=13000,
)


@dataclass(eq=False)
class HostMemory:
    """Aligned memory that knows whether it was freed."""

    gpu: "HostGpu"
    nbytes: int
    name: str = "memory"
    is_free: bool = False
    view: NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        whole = np.zeros(self.nbytes + ALIGNMENT, np.uint8)
        start = -whole.ctypes.data % ALIGNMENT
        self.view = whole[start : start + self.nbytes]
        self.gpu.live[self.address] = self

    @property
    def address(self) -> int:
        return int(self.view.ctypes.data)

    def free(self) -> None:
        self.gpu.require_own_thread()
        if self.is_free:
            raise AssertionError(f"{self.name} was freed twice")
        self.is_free = True
        del self.gpu.live[self.address]
        self.gpu.events.append(f"free {self.name}")


class HostStaged:
    """An array with a host and a device side; on an integrated device they are one."""

    def __init__(self, gpu: "HostGpu", shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        nbytes = int(np.prod(shape)) * dtype.itemsize
        self.device = HostMemory(gpu, nbytes, "staged")
        self._host: NDArray[Any] = (
            self.device.view.view(dtype).reshape(shape) if gpu.facts.is_integrated else np.zeros(shape, dtype)
        )

    @property
    def host(self) -> NDArray[Any]:
        return self._host

    @property
    def address(self) -> int:
        return self.device.address

    def free(self) -> None:
        self.device.free()


class HostGpu:
    """The device as its owner's thread sees it. ``events`` tells what was enqueued and freed."""

    def __init__(self, facts: GpuFacts) -> None:
        self._facts = facts
        self._thread = threading.current_thread()
        self._work: list[Callable[[], None]] = []
        self._handle = next(_handles)
        self.is_lost = False
        self.live: dict[int, HostMemory] = {}
        self.events: list[str] = []
        STREAMS[self._handle] = self

    @property
    def facts(self) -> GpuFacts:
        return self._facts

    @property
    def stream_handle(self) -> int:
        return self._handle

    def allocate(self, nbytes: int) -> DeviceMemory:
        self.require_own_thread()
        return HostMemory(self, nbytes)

    def stage(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> StagedArray:
        self.require_own_thread()
        return HostStaged(self, shape, dtype)

    def upload(self, array: StagedArray) -> None:
        self._copy("upload", array, np.copyto)

    def download(self, array: StagedArray) -> None:
        self._copy("download", array, lambda device, host: np.copyto(host, device))

    def enqueue(self, name: str, work: Callable[[], None]) -> None:
        """Enqueue anything; for the fake of TensorRT and for the kernels."""
        self.require_own_thread()
        self.events.append(name)
        self._work.append(work)

    def wait(self) -> None:
        self.require_own_thread()
        work, self._work = self._work, []
        for step in work:
            try:
                step()
            except Exception as error:
                self.is_lost = True
                raise DeviceError(f"the device failed: {error}", hint="restart the gate") from error

    def load_kernels(self, fatbin: bytes) -> Mapping[str, Kernel]:
        self.require_own_thread()
        return host_gpu_kernels(self, fatbin)

    def at(self, address: int, nbytes: int) -> NDArray[np.uint8]:
        """Return live memory by its address; as a real device, fail where there is none."""
        for start, memory in self.live.items():
            if start <= address and address + nbytes <= start + memory.nbytes:
                return np.ctypeslib.as_array((ctypes.c_uint8 * nbytes).from_address(address))
        raise RuntimeError("an illegal memory access was encountered")

    @property
    def is_own_thread(self) -> bool:
        return threading.current_thread() is self._thread

    def require_own_thread(self) -> None:
        if not self.is_own_thread:
            raise AssertionError("the device was touched from another thread than its owner's")

    def _copy(self, name: str, array: StagedArray, copy: Callable[[NDArray[Any], NDArray[Any]], None]) -> None:
        if not isinstance(array, HostStaged):
            raise TypeError("the array is of another device")
        if not self._facts.is_integrated:
            host = array.host
            device = array.device.view.view(host.dtype).reshape(host.shape)
            self.enqueue(name, lambda: copy(device, host))


class HostGpuOwner:
    """The one thread of a device."""

    def __init__(self, facts: GpuFacts = DISCRETE) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="host-gpu")
        self._is_closed = False
        self.gpu = self._thread.submit(HostGpu, facts).result()

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def do(self, work: Callable[[Gpu], Result]) -> Result:
        if self._is_closed or self.gpu.is_lost:
            raise DeviceError("the device is lost", hint="restart the gate")
        if self.gpu.is_own_thread:
            return work(self.gpu)
        return self._thread.submit(work, self.gpu).result()

    def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._thread.shutdown()
            STREAMS.pop(self.gpu.stream_handle)
