"""The CUDA kernels compiled for the host, where there is a compiler for it."""

import shutil

import pytest

from engines.render.cuda.host import HostKernels, host_library

__all__ = ["HostKernels", "host_library", "needs_compiler"]

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler: apt install g++")
