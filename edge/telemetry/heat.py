"""How hot the machine is, where the kernel tells it."""

import contextlib
from pathlib import Path
from typing import Final

_ZONES: Final = Path("/sys/class/thermal")
_SENSIBLE_C: Final = (-40.0, 150.0)


def hottest_celsius(zones: Path = _ZONES) -> float | None:
    """Return the temperature of the hottest sensor in degrees Celsius; None where there is none."""
    found = []
    for file in zones.glob("thermal_zone*/temp"):
        with contextlib.suppress(OSError, ValueError):
            found.append(int(file.read_text("ascii")) / 1_000)
    least, most = _SENSIBLE_C
    sensible = [celsius for celsius in found if least <= celsius <= most]
    return max(sensible, default=None)
