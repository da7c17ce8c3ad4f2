"""How fast a machine's clocks may run: what a measured time depends on, and what a power mode changes."""

from collections.abc import Iterator
from dataclasses import dataclass

from engines.machine.root import MachineRoot

_CPU_FOLDER = "/sys/devices/system/cpu"
_GPU_FOLDER = "/sys/class/devfreq"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One clock, or CPU cores that share one.

    Attributes:
        name: ``cpu0`` or the GPU's.
        now_mhz: what it runs at.
        least_mhz: what it may fall to.
        most_mhz: what it may rise to.
        governor: who decides; empty where nobody says.
    """

    name: str
    now_mhz: int
    least_mhz: int
    most_mhz: int
    governor: str = ""

    @property
    def is_fixed(self) -> bool:
        """Whether it runs at one speed, as behind ``jetson_clocks``."""
        return self.least_mhz == self.most_mhz

    def __str__(self) -> str:
        reach = "fixed" if self.is_fixed else f"{self.least_mhz} to {self.most_mhz}"
        return f"{self.name} {self.now_mhz} MHz ({reach}{', ' + self.governor if self.governor else ''})"


def clocks_of(machine: MachineRoot) -> tuple[Clock, ...]:
    """Return the clocks that the kernel tells of, CPU before GPU; empty on a virtual machine, as a rule."""
    return (*_cpu(machine), *_gpu(machine))


def _cpu(machine: MachineRoot) -> Iterator[Clock]:
    for folder in machine.matching(f"{_CPU_FOLDER}/cpufreq", "policy*"):
        values = [machine.number(f"{folder}/scaling_{which}_freq") for which in ("cur", "min", "max")]
        name = f"cpu{machine.text(f'{folder}/related_cpus').split(' ')[0]}"
        yield from _clock(name, values, 1_000, machine.text(f"{folder}/scaling_governor"))


def _gpu(machine: MachineRoot) -> Iterator[Clock]:
    for folder in machine.matching(_GPU_FOLDER, "*"):
        name = folder.rpartition("/")[2]
        if "gpu" in name or name.endswith((".ga10b", ".gv11b")):
            values = [machine.number(f"{folder}/{which}_freq") for which in ("cur", "min", "max")]
            yield from _clock("gpu", values, 1_000_000, machine.text(f"{folder}/governor"))


def _clock(name: str, values: list[int | None], to_mhz: int, governor: str) -> Iterator[Clock]:
    known = [value // to_mhz for value in values if value is not None]
    if len(known) == len(values):
        now, least, most = known
        yield Clock(name=name, now_mhz=now, least_mhz=least, most_mhz=most, governor=governor)
