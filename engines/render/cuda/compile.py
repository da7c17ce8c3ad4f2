"""Compiles the kernels with a device's own nvcc, once, before the gate serves: nothing is compiled at the door."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engines.errors import EngineError

SOURCE = Path(__file__).parent / "kernels.cu"
KERNELS = ("eg_render_fp32", "eg_render_fp16", "eg_sparse_fp32", "eg_sparse_fp16")

_FLAGS = ("-std=c++17", "-O3", "-fmad=false", "-Werror", "all-warnings", "-Xptxas", "-v")
_LONGEST_S = 300
_USUAL_PLACES = (Path("/usr/local/cuda/bin/nvcc"),)
_VERSION = re.compile(r"\bV(\d+\.\d+\.\d+)")
_ENTRY = re.compile(r"Compiling entry function '(\w+)' for 'sm_(\d+)'")
_SPILLS = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
_REGISTERS = re.compile(r"Used (\d+) registers")


@dataclass(frozen=True, slots=True)
class KernelReport:
    """What ptxas says of one kernel on one architecture.

    Attributes:
        kernel: its name.
        architecture: compute capability without the dot, such as 87.
        registers: registers a thread.
        spilled_bytes: spilled to memory and loaded again, a thread; 0 is what we want.
    """

    kernel: str
    architecture: int
    registers: int
    spilled_bytes: int


def find_nvcc() -> Path:
    """Return the CUDA compiler.

    Raises:
        EngineError: there is none.
    """
    found = shutil.which("nvcc")
    places = (Path(found),) if found else tuple(p for p in _USUAL_PLACES if p.is_file())
    if not places:
        raise EngineError(
            "there is no nvcc", hint="install the CUDA compiler: on JetPack 'apt install nvidia-jetpack'"
        )
    return places[0]


def nvcc_version(nvcc: Path) -> str:
    """Return the compiler's version, such as ``13.0.88``.

    Raises:
        EngineError: it does not run, or is no nvcc.
    """
    try:
        done = subprocess.run([str(nvcc), "--version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"nvcc does not run: {error}", hint="check the CUDA installation") from error
    version = _VERSION.search(done.stdout)
    if version is None:
        raise EngineError(f"{nvcc} does not say its version", hint="check the CUDA installation")
    return version[1]


def compile_fatbin(
    architectures: Sequence[int], target: Path, *, nvcc: Path | None = None, source: Path = SOURCE
) -> list[KernelReport]:
    """Compile kernels for some architectures into one file, machine code for each and PTX for the first.

    Args:
        architectures: compute capabilities without the dot, such as 87 for Orin and 110 for Thor.
        target: file to write.
        nvcc: the compiler; None = the one that is found.
        source: what is compiled; the gate's own kernels if nothing is said.

    Raises:
        EngineError: there is no compiler, or it fails.
    """
    if not architectures:
        raise ValueError("kernels are compiled for at least one architecture")
    codes = [flag for a in architectures for flag in ("-gencode", f"arch=compute_{a},code=sm_{a}")]
    first = min(architectures)
    portable = ("-gencode", f"arch=compute_{first},code=compute_{first}")
    command = [str(nvcc or find_nvcc()), "-fatbin", *_FLAGS, *codes, *portable, "-o", str(target), str(source)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"nvcc does not run: {error}", hint="check the CUDA installation") from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
        raise EngineError(
            f"nvcc cannot compile {source.name}: {last}", hint="CUDA 12.6 or newer and a C++ compiler are needed"
        )
    return reports_in(done.stderr + done.stdout)


def reports_in(text: str) -> list[KernelReport]:
    """Return what ptxas reported, kernel by kernel, in its order."""
    found: list[KernelReport] = []
    kernel, architecture, spilled = "", 0, 0
    for line in text.splitlines():
        if entry := _ENTRY.search(line):
            kernel, architecture = entry[1], int(entry[2])
        elif spills := _SPILLS.search(line):
            spilled = int(spills[2]) + int(spills[3])
        elif (registers := _REGISTERS.search(line)) and kernel:
            found.append(KernelReport(kernel, architecture, int(registers[1]), spilled))
            kernel = ""
    return found
