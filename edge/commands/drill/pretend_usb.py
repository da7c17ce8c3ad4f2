"""A USB camera as sysfs would show it, in a folder of the drill's own: none is needed, none is touched."""

from pathlib import Path

from edge.capture.source import Source, SourceKind
from edge.capture.trust.guard import PinGuard
from edge.capture.trust.identify import identify
from edge.capture.trust.machine import Machine

_DEVICE = "devices/pci0000:00/0000:00:14.0/usb1/1-3"
_NODE = "video63"  # a number that no machine reaches


class PretendUsb:
    """Plugs cameras in and out.

    Attributes:
        source: the camera, as it would be named.

    Args:
        folder: empty, its own.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._entry = folder / "class" / "video4linux" / _NODE
        self.source = Source(kind=SourceKind.V4L2, location=f"/dev/{_NODE}", camera_id="drill")
        self.plug("DRILL0001")

    def plug(self, serial: str) -> None:
        """Plug in a camera with a serial number, in place of whatever is there."""
        self.unplug()
        interface = self._folder / _DEVICE / "1-3:1.0"
        video = interface / "video4linux" / _NODE
        video.mkdir(parents=True, exist_ok=True)
        for file, text in {
            video / "name": "drill",
            video / "index": "0",
            interface.parent / "idVendor": "0000",
            interface.parent / "idProduct": "0001",
            interface.parent / "serial": serial,
        }.items():
            file.write_text(text + "\n", "utf-8")
        device = video / "device"
        device.unlink(missing_ok=True)
        device.symlink_to(interface)
        self._entry.parent.mkdir(parents=True, exist_ok=True)
        self._entry.symlink_to(video)

    def unplug(self) -> None:
        """Take it out."""
        self._entry.unlink(missing_ok=True)

    def guard(self) -> PinGuard:
        """Return what holds a feed to the camera that is plugged in now."""
        machine = Machine(sysfs=self._folder)
        return PinGuard(self.source, identify(self.source, machine).pin, machine)
