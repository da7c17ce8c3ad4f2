"""A CUDA driver of our own, so that PyCUDA's object code runs on a machine without a GPU; see cuda_on_host."""

import ctypes
import os
import shutil
import subprocess
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support import host_gpu_kernels

SOURCES = Path(__file__).parent / "cuda_on_host"
FATBIN = host_gpu_kernels.FATBIN
ILLEGAL_ADDRESS = 700
OUT_OF_MEMORY = 2

_LACKS = find_spec("pycuda") is None or shutil.which("g++") is None
needs_host_cuda = pytest.mark.skipif(
    _LACKS and "CI" not in os.environ, reason="PyCUDA or g++ is not installed: make gpu-test-setup"
)


class HostCuda:
    """The stand-in's own calls.

    Args:
        library: the driver.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library

    def begin(self, *, is_integrated: bool) -> None:
        """Start over, as a device of one kind."""
        self._library.eg_begin(int(is_integrated))

    def fail(self, call: str, code: int, *, after: int = 0) -> None:
        """Let a driver call fail with a code, after it was let through some times."""
        self._library.eg_fail(call.encode(), after, code)

    @property
    def left(self) -> int:
        """What was made and not freed: memory, streams, events, modules, contexts."""
        return int(self._library.eg_left())

    @property
    def launches(self) -> int:
        """Kernels launched."""
        return int(self._library.eg_launches())

    @property
    def uploads(self) -> int:
        """Copies to the device."""
        return int(self._library.eg_uploads())

    @property
    def downloads(self) -> int:
        """Copies to the host."""
        return int(self._library.eg_downloads())


@cache
def host_cuda() -> HostCuda:
    """Return the driver, compiled once a process and loaded before PyCUDA looks for one."""
    target = Path(tempfile.mkdtemp(prefix="edge-gate-cuda-")) / "libcuda.so.1"
    flags = ["-std=c++17", "-O2", "-ffp-contract=off", "-shared", "-fPIC", "-fvisibility=hidden"]
    flags += ["-Wall", "-Wextra", "-Werror", "-Wl,-soname,libcuda.so.1"]
    subprocess.run(["g++", *flags, "-o", str(target), str(SOURCES / "libcuda.cpp")], check=True)
    library = ctypes.CDLL(str(target), mode=ctypes.RTLD_GLOBAL)
    for name in ("eg_launches", "eg_uploads", "eg_downloads"):
        getattr(library, name).restype = ctypes.c_long
    return HostCuda(library)


def begun_host_cuda(*, is_integrated: bool) -> HostCuda:
    """Return the driver as a device of one kind on which nothing was done yet."""
    cuda = host_cuda()
    cuda.begin(is_integrated=is_integrated)
    return cuda
