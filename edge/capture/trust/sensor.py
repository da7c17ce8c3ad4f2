"""A CSI sensor as a Jetson's device tree names it: module by module, in the order in which Argus counts.

UNTESTED ON HARDWARE. A sensor has no serial number and nothing in it proves who made it: another one of the same kind
at the same connector is the same camera here.
"""

from edge.capture.trust.identity import CameraIdentity
from edge.capture.trust.machine import Machine, text_of
from edge.domain.errors import CameraError

_MODULES = "tegra-camera-platform/modules"
_MOST_SENSORS = 16


def identify_sensor(number: int, machine: Machine) -> CameraIdentity:
    """Return what the board says of sensor ``number``.

    Raises:
        CameraError: the board names no such sensor.
    """
    module = machine.device_tree / _MODULES / f"module{number}"
    driver = module / "drivernode0"
    # JetPack 6 names the node's path, earlier ones driver and bus address; either is where it is plugged in.
    place = text_of(driver / "sysfs-device-tree") or text_of(driver / "devname")
    badge = text_of(module / "badge")
    if not place or not badge:
        raise CameraError(
            f"the board names no camera sensor {number}", hint="check the cable and the board's device tree overlay"
        )
    return CameraIdentity(source=f"csi:{number}", name=badge, bus_path=place, sensor=badge)


def sensors(machine: Machine) -> tuple[int, ...]:
    """Return the numbers of the sensors that the board names."""
    folder = machine.device_tree / _MODULES
    return tuple(n for n in range(_MOST_SENSORS) if (folder / f"module{n}").is_dir())
