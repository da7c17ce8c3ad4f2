"""A V4L2 camera as sysfs shows it: its driver, its bus, and for USB its port, ids and serial number.

What poses as a camera without being one is known by where it hangs: v4l2loopback and akvcam below
``/sys/devices/virtual``, the kernel's test drivers by their driver's name, a USB camera that another machine or a
program lends (``usbip``, gadgets looped back) by its host controller. A real HDMI grabber is a real USB camera here:
what stands behind it, nothing in sysfs tells.
"""

import os
import re
import stat
from pathlib import Path

from edge.capture.trust.identity import CameraIdentity
from edge.capture.trust.machine import Machine, text_of
from edge.domain.errors import CameraError

_UNREAL_DRIVERS = frozenset({"v4l2loopback", "akvcam", "vivid", "vimc", "vim2m", "vicodec", "visl", "vidtv"})
_UNREAL_CONTROLLERS = ("vhci_hcd", "dummy_hcd")
_USB_BUS = re.compile(r"usb\d+")
_INTERFACE = re.compile(r"\d+-(?P<port>\d+(?:\.\d+)*):(?P<interface>\d+\.\d+)")


def identify_video_device(location: str, machine: Machine) -> CameraIdentity:
    """Return what the kernel says of the camera at a path such as ``/dev/video0`` or a link to one.

    Raises:
        CameraError: there is no such camera now, or the path is not the device that the kernel means by its name.
    """
    node = Path(location).resolve()
    entry = machine.sysfs / "class" / "video4linux" / node.name
    if not entry.is_dir():
        raise CameraError(
            f"camera {location} is not there", hint="plug it in; 'edge-gate cameras list' shows what is there"
        )
    _refuse_other_node(node, text_of(entry / "dev"))
    return _identity(location, entry)


def video_devices(machine: Machine) -> tuple[str, ...]:
    """Return the paths of all V4L2 cameras, by number; a camera's further nodes (of metadata) are left out."""
    folder = machine.sysfs / "class" / "video4linux"
    entries = [e for e in folder.glob("video*") if text_of(e / "index") in ("", "0")] if folder.is_dir() else []
    return tuple(f"/dev/{entry.name}" for entry in sorted(entries, key=lambda e: (len(e.name), e.name)))


def _refuse_other_node(node: Path, number: str) -> None:
    """A node of the right name for another device would be opened in place of the one that was looked at."""
    try:
        found = node.stat()
    except OSError:
        return  # whoever opens it learns that
    is_it = stat.S_ISCHR(found.st_mode) and f"{os.major(found.st_rdev)}:{os.minor(found.st_rdev)}" == number
    if not is_it:
        raise CameraError(f"{node} is not the camera that the kernel calls so", hint="remove it, restart udev")


def _identity(location: str, entry: Path) -> CameraIdentity:
    place = entry.resolve()
    device = entry / "device"
    driver = (device / "driver").resolve().name if (device / "driver").exists() else ""
    interface = device.resolve()
    usb = _INTERFACE.fullmatch(interface.name)
    unreal = _unreal(place, driver, has_device=device.exists())
    name = text_of(entry / "name")
    if usb is None:
        return CameraIdentity(source=location, name=name, bus_path=_board_path(interface), sensor=name, unreal=unreal)
    camera = interface.parent
    return CameraIdentity(
        source=location,
        name=name,
        bus_path=f"{_controller(interface)}-usb-0:{usb['port']}:{usb['interface']}",
        vendor_product=f"{text_of(camera / 'idVendor')}:{text_of(camera / 'idProduct')}",
        serial=text_of(camera / "serial"),
        unreal=unreal,
    )


def _unreal(place: Path, driver: str, *, has_device: bool) -> str:
    parts = place.parts
    if "virtual" in parts[:-1] or not has_device:
        return "no hardware stands behind it (v4l2loopback and the like)"
    if driver in _UNREAL_DRIVERS:
        return f"the driver {driver} draws its pictures itself"
    lent = next((part for part in parts if part.startswith(_UNREAL_CONTROLLERS)), None)
    return f"its USB controller {lent} is a program" if lent else ""


def _controller(interface: Path) -> str:
    """Return the USB controller as udev's ``ID_PATH`` names it: the bus number after ``usb`` changes at will."""
    for folder in interface.parents:
        if _USB_BUS.fullmatch(folder.name):
            subsystem = folder.parent / "subsystem"
            return f"{subsystem.resolve().name if subsystem.exists() else 'platform'}-{folder.parent.name}"
    return "unknown"


def _board_path(device: Path) -> str:
    parts = device.parts
    return "/".join(parts[parts.index("devices") + 1 :]) if "devices" in parts else device.name
