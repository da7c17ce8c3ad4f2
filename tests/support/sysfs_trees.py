"""Trees as the kernel shows them, written as they were seen on real machines; no camera is at hand in tests.

A USB camera on a PC and on a Jetson, a sensor on the board, v4l2loopback, vivid, and a USB camera lent by ``usbip``.
"""

from pathlib import Path

PC = "pci0000:00/0000:00:14.0/usb1"
JETSON = "platform/bus@0/3610000.usb/usb1"
LENT = "platform/vhci_hcd.0/usb3"


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n", "utf-8")


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def usb_camera(
    root: Path,
    *,
    number: int = 0,
    bus: str = PC,
    port: str = "3",
    ids: tuple[str, str] = ("046d", "082d"),
    serial: str | None = "5A1B2C3D",
    name: str = "HD Pro Webcam C920",
) -> None:
    """Plug a USB camera in, in place of whatever had that number."""
    unplug(root, number)
    bus_number = bus.rpartition("usb")[2]
    controller = root / "devices" / Path(bus).parent
    camera = root / "devices" / bus / f"{bus_number}-{port}"
    interface = camera / f"{bus_number}-{port}:1.0"
    _link(controller / "subsystem", root / "bus" / ("pci" if bus.startswith("pci") else "platform"))
    (root / "bus" / "pci").mkdir(parents=True, exist_ok=True)
    (root / "bus" / "platform").mkdir(parents=True, exist_ok=True)
    _write(camera / "idVendor", ids[0])
    _write(camera / "idProduct", ids[1])
    (camera / "serial").unlink(missing_ok=True)
    if serial is not None:
        _write(camera / "serial", serial)
    (root / "bus/usb/drivers/uvcvideo").mkdir(parents=True, exist_ok=True)
    _video(root, interface, number, name, root / "bus/usb/drivers/uvcvideo")


def board_sensor(root: Path, *, number: int = 0) -> None:
    """A Jetson's sensor as V4L2 shows it."""
    device = root / "devices/platform/tegra-capture-vi"
    (root / "bus/platform/drivers/tegra-camrtc-capture-vi").mkdir(parents=True, exist_ok=True)
    _video(root, device, number, "vi-output, imx219 9-0010", root / "bus/platform/drivers/tegra-camrtc-capture-vi")


def loopback(root: Path, *, number: int = 0) -> None:
    """v4l2loopback, named after a real camera: its place has no device behind it."""
    unplug(root, number)
    entry = root / f"devices/virtual/video4linux/video{number}"
    _write(entry / "name", "HD Pro Webcam C920")
    _write(entry / "dev", f"81:{number}")
    _write(entry / "index", "0")
    _link(root / f"class/video4linux/video{number}", entry)


def vivid(root: Path, *, number: int = 0) -> None:
    """The kernel's virtual video test driver."""
    device = root / "devices/platform/vivid.0"
    (root / "bus/platform/drivers/vivid").mkdir(parents=True, exist_ok=True)
    _video(root, device, number, "vivid-000-vid-cap", root / "bus/platform/drivers/vivid")


def unplug(root: Path, number: int = 0) -> None:
    """Take a camera away: the kernel removes its entry."""
    (root / f"class/video4linux/video{number}").unlink(missing_ok=True)


def jetson_modules(root: Path, *badges: str, is_old: bool = False) -> None:
    """The device tree's list of CSI modules: as of JetPack 6, or earlier."""
    for number, badge in enumerate(badges):
        driver = root / f"tegra-camera-platform/modules/module{number}/drivernode0"
        driver.mkdir(parents=True, exist_ok=True)
        (driver.parent / "badge").write_bytes(badge.encode() + b"\0")
        where = (
            ("devname", "imx219 9-0010")
            if is_old
            else ("sysfs-device-tree", "/sys/firmware/i2c@0/rbpcv2_imx219_a@10")
        )
        (driver / where[0]).write_bytes(where[1].encode() + b"\0")


def _video(root: Path, device: Path, number: int, name: str, driver: Path) -> None:
    entry = device / "video4linux" / f"video{number}"
    _write(entry / "name", name)
    _write(entry / "dev", f"81:{number}")
    _write(entry / "index", "0")
    _link(entry / "device", device)
    _link(device / "driver", driver)
    _link(root / f"class/video4linux/video{number}", entry)
