"""Device nodes of a GPU, and whether this process may use them.

JetPack 6 had a driver of its own (``/dev/nvgpu``); JetPack 7 on Thor, and any discrete GPU, have ``/dev/nvidia*``.
UNTESTED ON HARDWARE: which of them JetPack 7 has on an Orin was not seen.
"""

import os
from dataclasses import dataclass

from engines.machine.root import MachineRoot

_PATTERNS = ("nvidia[0-9]*", "nvidiactl", "nvidia-uvm", "nvmap", "nvhost-ctrl-gpu", "nvgpu/igpu0/ctrl")


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuNodes:
    """Nodes of an NVIDIA GPU.

    Attributes:
        found: those that are there.
        refused: those of them that this process may not read and write.
    """

    found: tuple[str, ...]
    refused: tuple[str, ...]


def gpu_nodes(machine: MachineRoot) -> GpuNodes:
    """Return the GPU's nodes; both empty where there is none."""
    found = tuple(node for pattern in _PATTERNS for node in machine.matching("/dev", pattern))
    refused = tuple(node for node in found if not os.access(machine.file(node), os.R_OK | os.W_OK))
    return GpuNodes(found=found, refused=refused)
