"""What ``edge-gate check`` looks at of the machine: on a Jetson what the gate needs of it, elsewhere what it is."""

import grp
import os
import platform
from collections.abc import Callable, Mapping

from edge.capture.camera_choice import gstreamer_command
from edge.capture.gst_pipeline import elements_of, has_element
from edge.capture.source import parse_source
from edge.domain.errors import ConfigError, EdgeError
from edge.settings.tree import Settings
from engines.errors import RuntimeMissingError
from engines.machine.board import board_name
from engines.machine.clocks import clocks_of
from engines.machine.heat import warmest
from engines.machine.jetpack import is_jetson, read_jetpack
from engines.machine.nodes import gpu_nodes
from engines.machine.power import power_mode
from engines.machine.root import MachineRoot
from engines.machine.versions import (
    gstreamer_version,
    nvcc_version,
    tensorrt_version,
)

MachineProbe = Callable[[Settings, MachineRoot], str]
"""Looks at one thing of the machine and says how it is. Raises an EdgeError or EngineError as a ``Probe`` does."""

_TENSORRT = "tensorrt"
_OLDEST_TENSORRT = (10, 13)
_GROUPS = ("video", "render")
_SUPERUSER = 0


def _jetpack(settings: Settings, machine: MachineRoot) -> str:
    found = read_jetpack(machine)
    if found is None:
        _refuse_where_asked(settings, machine)
        return f"no Jetson: {board_name(machine)}"
    if not found.is_supported:
        raise ConfigError(
            f"{found} on {board_name(machine)}: the gate needs JetPack 7",
            hint="flash JetPack 7 (an Orin takes 7.2 or later); JetPack 6 has Python 3.10 and an older TensorRT",
        )
    return f"{found} on {board_name(machine)}"


def _tensorrt(settings: Settings, machine: MachineRoot) -> str:
    del machine
    version = tensorrt_version()
    if not _asks_tensorrt(settings.engine.runtime):
        return f"{version or 'not there'}; engine.runtime is {settings.engine.runtime}"
    if not version:
        raise RuntimeMissingError(
            "engine.runtime is tensorrt, and this Python sees no tensorrt",
            hint="on a Jetson 'apt install python3-libnvinfer', then install the gate with scripts/install-jetson.sh",
        )
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers < _OLDEST_TENSORRT:
        raise RuntimeMissingError(f"TensorRT {version} is too old", hint="use JetPack 7, whose TensorRT is 10.13 on")
    return version


def _gstreamer(settings: Settings, machine: MachineRoot) -> str:
    version = gstreamer_version(machine)
    command = _gstreamer_command_of(settings)
    if command is None:
        return f"{version or 'not there'}; the camera is not read through it"
    if not version:
        raise ConfigError(
            "the camera is read through GStreamer, and gst-launch-1.0 is not there",
            hint="apt install gstreamer1.0-tools gstreamer1.0-plugins-good, on a Jetson nvidia-l4t-gstreamer too",
        )
    missing = [name for name in elements_of(command) if not has_element(name)]
    if missing:
        raise ConfigError(
            f"GStreamer {version} has no {', '.join(missing)}",
            hint="install what brings them (on a Jetson nvidia-l4t-gstreamer), or read the camera without decoder=",
        )
    return f"{version}, with {', '.join(elements_of(command))}"


def _nvcc(settings: Settings, machine: MachineRoot) -> str:
    version = nvcc_version(machine)
    if version or not _asks_tensorrt(settings.engine.runtime):
        return version or "not there, and nothing here runs on a GPU"
    raise ConfigError(
        "nvcc is not there: the gate's kernels are compiled on the device, with its own CUDA",
        hint="apt install the cuda-nvcc package of your JetPack; nvcc may lie in /usr/local/cuda/bin",
    )


def _nodes(settings: Settings, machine: MachineRoot) -> str:
    nodes = gpu_nodes(machine)
    member = _groups()
    lacks = [group for group in _GROUPS if group not in member]
    if nodes.refused:
        raise ConfigError(
            f"this user may not use {', '.join(nodes.refused)}",
            hint=f"usermod -aG {','.join(lacks or _GROUPS)} for the gate's user, and start it again",
        )
    if _asks_tensorrt(settings.engine.runtime) and not nodes.found:
        raise ConfigError("there is no device node of a GPU", hint="look at the driver: 'dmesg | grep -i nv'")
    groups = ", ".join(group for group in _GROUPS if group in member) or "neither video nor render"
    return f"{', '.join(nodes.found) or 'no GPU'}; in {groups}"


def _clocks(settings: Settings, machine: MachineRoot) -> str:
    del settings
    clocks = clocks_of(machine)
    told = "; ".join(map(str, clocks)) or "the kernel tells of none"
    is_loose = is_jetson(machine) and not all(clock.is_fixed for clock in clocks)
    return told + (" (not fixed: 'systemctl enable --now edge-gate-clocks' fixes them)" if is_loose else "")


def _power(settings: Settings, machine: MachineRoot) -> str:
    del settings
    mode = power_mode(machine)
    if mode:
        return mode
    return "nvpmodel does not say" if is_jetson(machine) else "no power modes: no Jetson"


def _heat(settings: Settings, machine: MachineRoot) -> str:
    del settings
    heat = warmest(machine)
    if heat is None:
        return "the kernel tells of no temperature"
    return f"{heat}{' (near: look at fan and housing)' if heat.is_near_throttling else ''}"


def _asks_tensorrt(runtime: str) -> bool:
    return runtime == _TENSORRT


def _refuse_where_asked(settings: Settings, machine: MachineRoot) -> None:
    """TensorRT runs on PCs too, but on no other Arm machine than a Jetson."""
    if _asks_tensorrt(settings.engine.runtime) and platform.machine() == "aarch64":
        raise ConfigError(
            f"engine.runtime is tensorrt, and {board_name(machine)} is no Jetson",
            hint="set engine.runtime = openvino",
        )


def _gstreamer_command_of(settings: Settings) -> list[str] | None:
    """Return the command that reads the camera; None where it is none, wrong, or read otherwise."""
    try:
        return gstreamer_command(parse_source(settings.camera.source)) if settings.camera.source else None
    except EdgeError:
        return None  # the line of the camera tells it


def _groups() -> frozenset[str]:
    if os.geteuid() == _SUPERUSER:
        return frozenset(_GROUPS)
    names = set()
    for number in (os.getegid(), *os.getgroups()):
        try:
            names.add(grp.getgrgid(number).gr_name)
        except KeyError:
            continue
    return frozenset(names)


MACHINE_PROBES: Mapping[str, MachineProbe] = {
    "jetpack": _jetpack,
    "tensorrt": _tensorrt,
    "gstreamer": _gstreamer,
    "nvcc": _nvcc,
    "nodes": _nodes,
    "clocks": _clocks,
    "power": _power,
    "heat": _heat,
}
"""By the name of their line, in order."""
