"""What the machine is: a figure without it says nothing."""

import datetime as dt
import platform
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import numpy as np

from engines.gpu.base import GpuFacts


def machine_facts(facts: GpuFacts, nvcc: Path) -> Mapping[str, str]:
    """Return device, driver, compiler, processor, versions and the date."""
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "device": facts.name,
        "compute capability": ".".join(map(str, facts.capability)),
        "multiprocessors": str(facts.multiprocessors),
        "memory": f"{facts.memory_bytes / 2**30:.0f} GiB, {'of the CPU too' if facts.is_integrated else 'its own'}",
        "driver": _told("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"),
        "CUDA of the driver": f"{facts.driver_version // 1000}.{facts.driver_version % 1000 // 10}",
        "nvcc": _told(str(nvcc), "--version").splitlines()[-1],
        "processor": _processor(),
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "PyCUDA": version("pycuda"),
        "kernel": platform.release(),
    }


def _told(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
        return done.stdout.strip() or "not told"
    except (OSError, subprocess.SubprocessError):
        return "not told"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()
