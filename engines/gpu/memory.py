"""Memory of a device, and arrays that both sides see. Made, freed and copied in the owner's thread alone."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.errors import DeviceError


class CudaMemory:
    """Memory of the device; see :class:`engines.gpu.base.DeviceMemory`.

    Args:
        driver: PyCUDA's.
        nbytes: how much.
    """

    def __init__(self, driver: Any, nbytes: int) -> None:
        self._allocation = driver.mem_alloc(nbytes)
        self._nbytes = nbytes
        self._is_freed = False

    @property
    def address(self) -> int:
        """Device address of its first byte."""
        _require_kept(is_freed=self._is_freed)
        return int(self._allocation)

    @property
    def nbytes(self) -> int:
        """How large it is."""
        return self._nbytes

    def free(self) -> None:
        """Give it back; does nothing the second time."""
        if not self._is_freed:
            self._is_freed = True
            self._allocation.free()


class _PinnedArray(ABC):
    """Page-locked host memory of an array, zeroed, with a place on the device."""

    def __init__(self, host: NDArray[Any]) -> None:
        host.fill(0)
        self._host = host
        self._pinned: Any = host.base
        self._is_freed = False

    @property
    def host(self) -> NDArray[Any]:
        """What the CPU reads and writes. Views of it must not be used once it is freed."""
        _require_kept(is_freed=self._is_freed)
        return self._host

    @property
    def address(self) -> int:
        """Where the device sees it."""
        _require_kept(is_freed=self._is_freed)
        return self._device_address()

    def free(self) -> None:
        """Give it back; does nothing the second time."""
        if not self._is_freed:
            self._is_freed = True
            self._host = np.empty(0, self._host.dtype)
            self._free()

    @abstractmethod
    def _device_address(self) -> int: ...

    def _free(self) -> None:
        self._pinned.free()


class MappedArray(_PinnedArray):
    """Page-locked host memory that the device reads where it is: for a device that shares the CPU's memory.

    Args:
        driver: PyCUDA's.
        shape: of the array.
        dtype: of the array.
    """

    def __init__(self, driver: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        super().__init__(driver.pagelocked_empty(shape, dtype, mem_flags=driver.host_alloc_flags.DEVICEMAP))
        self._mapped = int(self._pinned.get_device_pointer())

    def upload(self, stream: Any) -> None:
        """Do nothing: both sides are the same bytes."""

    def download(self, stream: Any) -> None:
        """Do nothing: both sides are the same bytes."""

    def _device_address(self) -> int:
        return self._mapped


class CopiedArray(_PinnedArray):
    """Page-locked host memory and as much on the device: for a device with memory of its own.

    Args:
        driver: PyCUDA's.
        shape: of the array.
        dtype: of the array.
    """

    def __init__(self, driver: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        super().__init__(driver.pagelocked_empty(shape, dtype))
        self._driver = driver
        try:
            self._allocation = driver.mem_alloc(self._host.nbytes)
        except driver.Error:
            self._pinned.free()
            raise

    def upload(self, stream: Any) -> None:
        """Enqueue the copy of all of it to the device."""
        self._driver.memcpy_htod_async(self.address, self._host, stream)

    def download(self, stream: Any) -> None:
        """Enqueue the copy of all of it to the host."""
        self._driver.memcpy_dtoh_async(self._host, self.address, stream)

    def _device_address(self) -> int:
        return int(self._allocation)

    def _free(self) -> None:
        super()._free()
        self._allocation.free()


def _require_kept(*, is_freed: bool) -> None:
    if is_freed:
        raise DeviceError("memory of the device is used after it was freed", hint="report this defect with the log")
