"""A Jetson's power mode, which bounds clocks and cores. Read alone: setting it needs root, and its own unit."""

import re

from engines.machine.root import MachineRoot

_MODE = re.compile(r"^NV Power Mode:\s*(?P<name>\S+)\s*\n(?P<number>\d+)\s*$", re.MULTILINE)
_STATUS_FILE = "/var/lib/nvpmodel/status"


def power_mode(machine: MachineRoot) -> str:
    """Return the power mode, such as ``MAXN_SUPER (2)``; empty where there is none, as on any other machine."""
    found = _MODE.search(machine.output_of(["nvpmodel", "-q"]))
    if found is not None:
        return f"{found['name']} ({found['number']})"
    kept = re.search(r"pmode:0*(\d+)", machine.text(_STATUS_FILE))
    return f"mode {kept[1]}" if kept else ""
