"""The kernels compiled for the host: every thread of every block, so that they are tested and measured without a GPU.

This serves nothing: it is slow, and needs a C++ compiler. Of what it computes nothing is left to a compiler's choice:
integers, and IEEE 754 operations that are not contracted.
"""

import ctypes
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engines.errors import EngineError
from engines.render.base import Batch, Pixels, check_crop, check_render_arguments
from engines.render.cuda.parameters import FRAME, VIEW, FrameLayout, pack_frame, pack_views
from engines.render.spec import CropGeometry, InputSpec, ViewSpec

_SOURCE = Path(__file__).parent / "host_shim.cpp"
_FLAGS = ("-std=c++17", "-O2", "-ffp-contract=off", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror")
_LONGEST_S = 120


@cache
def host_library() -> ctypes.CDLL:
    """Return the kernels as a shared library, compiled once a process, with every warning an error.

    Raises:
        EngineError: there is no C++ compiler, or it fails.
    """
    target = Path(tempfile.mkdtemp(prefix="edge-gate-kernels-")) / "kernels.so"
    command = ["g++", *_FLAGS, "-o", str(target), str(_SOURCE)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"g++ does not run: {error}", hint="install a C++ compiler: apt install g++") from error
    if done.returncode:
        raise EngineError(f"g++ cannot compile the kernels: {done.stderr.strip()[-500:]}", hint="use g++ 11 or newer")
    return ctypes.CDLL(str(target))


class HostKernels:
    """The kernels as a ``Renderer``; of BGR frames, or of NV12 ones by :meth:`render_bytes`."""

    def render(
        self, pixels: Pixels, crop: CropGeometry, views: Sequence[ViewSpec], spec: InputSpec, out: Batch
    ) -> None:
        """Render as ``Renderer.render`` says."""
        check_render_arguments(pixels, views, spec, out)
        check_crop(crop, spec.side)
        self.render_bytes(np.ascontiguousarray(pixels), crop, views, spec, out)

    def render_bytes(
        self,
        pixels: NDArray[np.uint8],
        crop: CropGeometry,
        views: Sequence[ViewSpec],
        spec: InputSpec,
        out: NDArray[np.float32] | NDArray[np.float16],
    ) -> None:
        """Render a frame of any format into float32 or float16."""
        frame, packed = np.zeros(1, FRAME), np.zeros(len(views), VIEW)
        layout = FrameLayout.of(pixels)
        pack_frame(layout, crop, spec, frame)
        pack_views(layout, crop, views, spec.side, packed)
        kernel = host_library().eg_host_fp32 if out.dtype == np.float32 else host_library().eg_host_fp16
        kernel(
            pixels.ctypes.data_as(ctypes.c_void_p),
            frame.ctypes.data_as(ctypes.c_void_p),
            packed.ctypes.data_as(ctypes.c_void_p),
            ctypes.c_int32(len(views)),
            out.ctypes.data_as(ctypes.c_void_p),
        )
