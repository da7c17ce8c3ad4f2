"""Which JetPack a Jetson runs, by its L4T release, and whether the gate can.

L4T is the board support package; JetPack is it with CUDA, TensorRT and an Ubuntu. The table is NVIDIA's release notes
and jetson_stats' ``jetson_variables.py``.
"""

import re
from dataclasses import dataclass

from engines.errors import EngineError
from engines.machine.root import MachineRoot

RELEASE_FILE = "/etc/nv_tegra_release"
_RELEASE = re.compile(r"# R(?P<release>\d+) \(release\), REVISION: (?P<revision>\d+(?:\.\d+)*)")
_OLDEST_RELEASE = 38  # JetPack 7.0; before it Python is 3.10 and TensorRT 10.3

_JETPACK_OF = {
    "35": "5",
    "36.3": "6.0",
    "36.4.0": "6.1",
    "36.4.2": "6.1",
    "36.4.3": "6.2",
    "36.4.4": "6.2.1",
    "36.4.7": "6.2.1",
    "36.5": "6.2.2",
    "36": "6",
    "38.2": "7.0",
    "38.4": "7.1",
    "39.0": "7.2 (early access)",
    "39.2": "7.2",
    "38": "7",
    "39": "7",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JetPack:
    """The release of a Jetson's software.

    Attributes:
        l4t: release and revision of L4T, such as ``39.2.0``.
        version: the JetPack that it belongs to, such as ``7.2``; empty where the table does not know it.
    """

    l4t: str
    version: str

    @property
    def is_supported(self) -> bool:
        """Whether the gate runs on it: on JetPack 7 and later."""
        return int(self.l4t.partition(".")[0]) >= _OLDEST_RELEASE

    def __str__(self) -> str:
        return f"JetPack {self.version or 'unknown'} (L4T {self.l4t})"


def is_jetson(machine: MachineRoot) -> bool:
    """Return whether this is a Jetson."""
    return machine.file(RELEASE_FILE).is_file() or "nvidia,tegra" in machine.text("/proc/device-tree/compatible")


def read_jetpack(machine: MachineRoot) -> JetPack | None:
    """Return the JetPack of this machine; None where it is no Jetson.

    Raises:
        EngineError: it is a Jetson, and its release file is missing or says nothing.
    """
    if not is_jetson(machine):
        return None
    found = _RELEASE.search(machine.text(RELEASE_FILE))
    if found is None:
        raise EngineError(
            f"this is a Jetson, and {RELEASE_FILE} does not say which release of L4T it runs",
            hint="install the nvidia-l4t-core package again, or flash JetPack 7",
        )
    l4t = f"{found['release']}.{found['revision']}"
    return JetPack(l4t=l4t, version=_version_of(l4t))


def _version_of(l4t: str) -> str:
    parts = l4t.split(".")
    known = (_JETPACK_OF.get(".".join(parts[:count])) for count in range(len(parts), 0, -1))
    return next((version for version in known if version), "")
