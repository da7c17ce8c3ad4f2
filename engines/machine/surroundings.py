"""Everything beside the engine that a measured time depends on."""

from dataclasses import dataclass

from engines.errors import EngineError
from engines.machine.board import board_name
from engines.machine.clocks import clocks_of
from engines.machine.jetpack import read_jetpack
from engines.machine.power import power_mode
from engines.machine.root import MachineRoot
from engines.machine.versions import versions_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is printed beside a measurement.

    Attributes:
        device: what the machine is called.
        power_mode: of a Jetson; empty elsewhere.
        clocks: one text a clock; empty where the kernel tells of none.
        versions: by name; of a Jetson with its JetPack.
    """

    device: str
    power_mode: str
    clocks: tuple[str, ...]
    versions: dict[str, str]


def surroundings_of(machine: MachineRoot) -> Surroundings:
    """Return them as they are now; what the machine does not tell is left out."""
    versions = versions_of(machine)
    try:
        jetpack = read_jetpack(machine)
    except EngineError:
        jetpack = None
    if jetpack is not None:
        versions["jetpack"] = str(jetpack)
    return Surroundings(
        device=board_name(machine),
        power_mode=power_mode(machine),
        clocks=tuple(str(clock) for clock in clocks_of(machine)),
        versions=versions,
    )
