"""What a machine is called."""

import platform
import re

from engines.machine.root import MachineRoot

_CPU_NAME = re.compile(r"^model name\s*:\s*(.+)$", re.MULTILINE)


def board_name(machine: MachineRoot) -> str:
    """Return what the board calls itself, or else its CPU, or else its architecture."""
    board = machine.text("/proc/device-tree/model")
    if board:
        return board
    cpu = _CPU_NAME.search(machine.text("/proc/cpuinfo"))
    return cpu[1].strip() if cpu else platform.machine()
