"""Versions of what engines are built with and run on. Nothing is imported to learn them."""

import importlib.metadata
import importlib.util
import json
import platform
import re

from engines.machine.root import MachineRoot

_CUDA_FILE = "/usr/local/cuda/version.json"
_DRIVER_FILE = "/proc/driver/nvidia/version"
_NUMBER = re.compile(r"\d+(?:\.\d+)+")


def tensorrt_version() -> str:
    """Return the version of the TensorRT that this Python would import; empty where there is none.

    ``unknown`` where a package of that name is there, and its version is not.
    """
    try:
        is_there = importlib.util.find_spec("tensorrt") is not None
    except (ImportError, ValueError):
        return ""
    if not is_there:
        return ""
    try:
        return importlib.metadata.version("tensorrt")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def cuda_version(machine: MachineRoot) -> str:
    """Return the version of the CUDA toolkit; empty where there is none."""
    try:
        return str(json.loads(machine.text(_CUDA_FILE))["cuda"]["version"])
    except (ValueError, KeyError, TypeError):
        return ""


def nvcc_version(machine: MachineRoot) -> str:
    """Return the version of CUDA's compiler, on the path or in its usual place; empty where there is none."""
    for command in ("nvcc", str(machine.file("/usr/local/cuda/bin/nvcc"))):
        found = re.search(r"release (\d+(?:\.\d+)+)", machine.output_of([command, "--version"]))
        if found:
            return found[1]
    return ""


def driver_version(machine: MachineRoot) -> str:
    """Return the version of NVIDIA's kernel driver; empty where there is none."""
    found = _NUMBER.search(machine.text(_DRIVER_FILE).partition("\n")[0])
    return found[0] if found else ""


def gstreamer_version(machine: MachineRoot) -> str:
    """Return the version of gst-launch-1.0; empty where it is not installed."""
    found = re.search(r"GStreamer (\d+(?:\.\d+)+)", machine.output_of(["gst-launch-1.0", "--version"]))
    return found[1] if found else ""


def distribution_version(name: str) -> str:
    """Return the version of an installed Python distribution; empty where it is not installed."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def versions_of(machine: MachineRoot) -> dict[str, str]:
    """Return the versions that a measured time depends on, by name; without what is not there."""
    versions = {
        "edge-gate": distribution_version("edge-gate"),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "openvino": distribution_version("openvino"),
        "onnxruntime": distribution_version("onnxruntime"),
        "tensorrt": tensorrt_version(),
        "cuda": cuda_version(machine),
        "driver": driver_version(machine),
    }
    return {name: version for name, version in versions.items() if version}
