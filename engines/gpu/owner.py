"""The process's one device owner."""

import atexit
import threading

from engines.gpu.base import GpuOwner
from engines.gpu.device import opened_device
from engines.gpu.thread import OwnerThread

_lock = threading.Lock()
_owner: OwnerThread | None = None


def gpu_owner() -> GpuOwner:
    """Return the owner of the device; it is started by the first call, and by the first after it was closed.

    One a process: TensorRT and the kernels share its context and its stream. It lives until :func:`close_gpu` or the
    end of the process.

    Raises:
        RuntimeMissingError: PyCUDA or the CUDA driver is missing.
        DeviceError: the device does not start.
    """
    global _owner  # noqa: PLW0603 - a process has one primary context, and this is its keeper
    with _lock:
        if _owner is None or _owner.is_closed:
            _owner = OwnerThread(opened_device)
            atexit.register(close_gpu)  # registered again, it does nothing again
        return _owner


def close_gpu() -> None:
    """Give the device back, if it was opened."""
    with _lock:
        if _owner is not None:
            _owner.close()
