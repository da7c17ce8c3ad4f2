"""The gate's kernels on the device of host memory: enqueued as everything there, computed by the host's own build."""

import ctypes
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engines.cache import ModelStore
from engines.errors import DeviceError
from engines.gpu.base import Kernel
from engines.render.cuda.compiled import CompiledKernels, build_kernels
from engines.render.cuda.device import BLOCK
from engines.render.cuda.host import host_library
from engines.render.cuda.parameters import FRAME, SPARSE, VIEW, FrameFormat

FATBIN = (0xBA55ED50).to_bytes(4, "little") + bytes(60)
"""What stand-ins for a device take for compiled kernels."""
Grid = tuple[int, int, int]
_SPARSE_BLOCK = (256, 1, 1)


class Memory(Protocol):
    """What kernels need of the device."""

    def at(self, address: int, nbytes: int) -> NDArray[np.uint8]:
        """Return live memory by its address, or raise."""

    def enqueue(self, name: str, work: Callable[[], None]) -> None:
        """Do it when the device is waited for."""


class HostGpuKernel:
    """One kernel; see :class:`engines.gpu.base.Kernel`."""

    def __init__(self, memory: Memory, name: str) -> None:
        self._memory = memory
        self._name = name
        self._dtype: np.dtype[Any] = np.dtype(np.float32 if name.endswith("fp32") else np.float16)
        self._run = self._render if name.startswith("eg_render") else self._sparse

    def launch(self, grid: Grid, block: Grid, addresses: Sequence[int]) -> None:
        """Enqueue it; a grid, a block or arguments of another kernel are refused as the driver would."""
        is_render = self._run == self._render
        if block != (BLOCK if is_render else _SPARSE_BLOCK) or len(addresses) != (4 if is_render else 3):
            raise DeviceError(f"{self._name} was launched wrongly: {grid} of {block}", hint="report this defect")
        kept = tuple(addresses)
        self._memory.enqueue(self._name, lambda: self._run(grid, kept))

    def _render(self, grid: Grid, addresses: tuple[int, ...]) -> None:
        frame, terms, views, out = addresses
        of = self._memory.at(terms, FRAME.itemsize).view(FRAME)[0]
        side, rows = int(of["side"]), int(of["height"])
        if of["format"] == FrameFormat.NV12:
            rows = rows * 3 // 2
        if grid[:2] != (-(-side // BLOCK[0]), -(-side // BLOCK[1])):
            raise RuntimeError("an invalid configuration argument was given")
        self._memory.at(frame, rows * int(of["pitch"]))
        self._memory.at(views, grid[2] * VIEW.itemsize)
        self._memory.at(out, grid[2] * 3 * side * side * self._dtype.itemsize)
        kernel = getattr(host_library(), f"eg_host_fp{8 * self._dtype.itemsize}")
        pointers = [ctypes.c_void_p(address) for address in (frame, terms, views)]
        kernel(*pointers, ctypes.c_int32(grid[2]), ctypes.c_void_p(out))

    def _sparse(self, grid: Grid, addresses: tuple[int, ...]) -> None:
        pictures, terms, out = addresses
        of = self._memory.at(terms, SPARSE.itemsize).view(SPARSE)[0]
        count, side, step = int(of["pictures"]), int(of["side"]), int(of["step"])
        read = self._memory.at(pictures, count * 3 * side * side * self._dtype.itemsize)
        kept = read.view(self._dtype).reshape(count, 3, side, side)[..., ::step, ::step]
        if grid != (-(-kept.size // _SPARSE_BLOCK[0]), 1, 1):
            raise RuntimeError("an invalid configuration argument was given")
        self._memory.at(out, kept.size * 4).view(np.float32)[...] = kept.reshape(-1)


def host_gpu_kernels(memory: Memory, fatbin: bytes) -> Mapping[str, Kernel]:
    """Return the gate's kernels on a device of host memory.

    Raises:
        DeviceError: the bytes are no compiled kernels.
    """
    if not fatbin.startswith(FATBIN[:4]):
        raise DeviceError("the kernels do not load", hint="run 'edge-gate engines build --kernels' on this device")
    names = ("eg_render_fp32", "eg_render_fp16", "eg_sparse_fp32", "eg_sparse_fp16")
    return {name: HostGpuKernel(memory, name) for name in names}


def put_kernels(store: ModelStore, capability: tuple[int, int]) -> CompiledKernels:
    """Have a store hold what stand-ins take for kernels of the present sources, for a device."""
    with store.workspace() as folder:
        return build_kernels(store, (10 * capability[0] + capability[1],), nvcc=fake_nvcc(folder))


def fake_nvcc(folder: Path) -> Path:
    """Return a compiler that writes ``FATBIN`` for everything, and reports one kernel, which spills."""
    nvcc = folder / "nvcc"
    bytes_written = "".join(f"\\{byte:03o}" for byte in FATBIN)
    nvcc.write_text(
        '#!/bin/sh\nif [ "$1" = --version ]; then echo "release, V13.0.88"; exit 0; fi\n'
        f'while [ "$1" != -o ]; do shift; done\nprintf \'{bytes_written}\' > "$2"\n'
        "echo \"ptxas info : Compiling entry function 'eg_render_fp32' for 'sm_87'\" >&2\n"
        'echo "    0 bytes stack frame, 8 bytes spill stores, 8 bytes spill loads" >&2\n'
        'echo "ptxas info : Used 48 registers" >&2\n'
    )
    nvcc.chmod(0o755)
    return nvcc
