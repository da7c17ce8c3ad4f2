"""The udev rule that gives a USB camera one name for good, whatever number it gets at the next start."""

import re
from dataclasses import dataclass

from edge.capture.trust.identity import CameraIdentity
from edge.domain.errors import UsageError

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_UNSAFE = re.compile(r"[^A-Za-z0-9._:\-]")  # udev reads patterns: what is no plain character stands for any one


@dataclass(frozen=True, slots=True, kw_only=True)
class UdevRule:
    """A rule and what it makes.

    Attributes:
        text: the line of a rules file.
        device: path of the link that the camera then has.
    """

    text: str
    device: str


def udev_rule(camera: CameraIdentity, name: str) -> UdevRule:
    """Return the rule for a USB camera.

    It asks for vendor, product, serial number and place, as far as they are known, and for index 0: a USB camera has
    further nodes, which give no pictures. The place is ``ID_PATH``, so the file's number must be above 60.

    Args:
        camera: what was found of it.
        name: the link's name below ``/dev``.

    Raises:
        UsageError: it is no USB camera, or the name cannot be a link's.
    """
    if _NAME.fullmatch(name) is None:
        raise UsageError(f"{name!r} cannot be a camera's name", hint="use lower case, digits and dashes")
    if camera.unreal or not camera.vendor_product:
        raise UsageError(
            f"{camera.source} is no USB camera", hint="a sensor on the board is named by its number: csi:0"
        )
    vendor, _, product = camera.vendor_product.partition(":")
    asked = [
        'SUBSYSTEM=="video4linux"',
        'ATTR{index}=="0"',
        f'ENV{{ID_PATH}}=="{_plain(camera.bus_path)}"',
        f'ATTRS{{idVendor}}=="{_plain(vendor)}"',
        f'ATTRS{{idProduct}}=="{_plain(product)}"',
    ]
    if camera.serial:
        asked.append(f'ATTRS{{serial}}=="{_plain(camera.serial)}"')
    made = [f'SYMLINK+="{name}"', 'GROUP="video"', 'MODE="0660"']
    return UdevRule(text=", ".join(asked + made), device=f"/dev/{name}")


def _plain(text: str) -> str:
    return _UNSAFE.sub("?", text)
