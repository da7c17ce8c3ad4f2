"""How warm a machine is, by the kernel's thermal zones."""

from dataclasses import dataclass

from engines.machine.root import MachineRoot

_FOLDER = "/sys/class/thermal"
_NEAR_C = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """The warmest zone.

    Attributes:
        zone: its name.
        now_c: its temperature, degrees Celsius.
        throttles_at_c: where it is slowed down, the lowest such point above ambient; None where it does not say.
    """

    zone: str
    now_c: float
    throttles_at_c: float | None = None

    @property
    def is_near_throttling(self) -> bool:
        """Whether it is slowed down, or within 10 degrees of it."""
        return self.throttles_at_c is not None and self.now_c >= self.throttles_at_c - _NEAR_C

    def __str__(self) -> str:
        limit = "" if self.throttles_at_c is None else f", slowed down at {self.throttles_at_c:.0f} °C"
        return f"{self.zone} {self.now_c:.1f} °C{limit}"


def warmest(machine: MachineRoot) -> Heat | None:
    """Return the warmest zone; None where the kernel tells of none."""
    zones = [heat for folder in machine.matching(_FOLDER, "thermal_zone*") if (heat := _zone(machine, folder))]
    return max(zones, key=lambda heat: heat.now_c, default=None)


def _zone(machine: MachineRoot, folder: str) -> Heat | None:
    now_mc = machine.number(f"{folder}/temp")
    if now_mc is None or now_mc <= 0:  # zones that are switched off say minus 256 degrees
        return None
    points = [
        machine.number(name.removesuffix("type") + "temp")
        for name in machine.matching(folder, "trip_point_*_type")
        if machine.text(name) == "passive"
    ]
    limit_mc = min((point for point in points if point), default=None)
    return Heat(
        zone=machine.text(f"{folder}/type") or folder.rpartition("/")[2],
        now_c=now_mc / 1_000,
        throttles_at_c=None if limit_mc is None else limit_mc / 1_000,
    )
