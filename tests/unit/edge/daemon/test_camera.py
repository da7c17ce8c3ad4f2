"""What may stand before a door, in which environment, pinned or not. Fake sysfs trees: no camera is at hand."""

from pathlib import Path
from typing import Any

import pytest

from edge.capture.trust.identify import identify
from edge.capture.trust.identity import pin_as_toml
from edge.capture.trust.machine import Machine
from edge.daemon.camera import camera_guard, camera_pin, camera_source
from edge.domain.errors import CameraSwappedError, ConfigError
from edge.settings.load import load_settings
from edge.settings.tree import Settings
from tests.support.gate_command import ENROLLED
from tests.support.sysfs_trees import loopback, usb_camera

PIN = '{bus_path = "pci-0000:00:14.0-usb-0:3:1.0", vendor_product = "046d:082d", serial = "5A1B2C3D"}'
FINGERPRINT = f'{{fingerprint = "{"a" * 64}"}}'
SYNTHETIC = f"synthetic:{ENROLLED}"


def settings(source: str = "/dev/video0", *, door: str = "mqtt-only", **camera: str) -> Settings:
    environ = {"EDGE__CAMERA__SOURCE": source, "EDGE__DOOR__KIND": door}
    return load_settings(environ=environ | {f"EDGE__{k.upper()}": v for k, v in camera.items()})


@pytest.mark.parametrize(
    ("source", "given"),
    [
        ("/dev/video0", {"camera__pin": PIN}),
        ("/dev/video0", {"environment": "development"}),
        ("csi:0", {"camera__pin": '{bus_path = "i2c", sensor = "front"}'}),
        ("rtsps://camera/1", {"camera__pin": FINGERPRINT}),
        (SYNTHETIC, {"environment": "development", "camera__unsafe_source": "true"}),
        ("rtsp://camera/1", {"environment": "development", "camera__unsafe_source": "true"}),
        (SYNTHETIC, {"door": "none"}),
        ("/dev/video0", {"door": "none"}),
    ],
)
def test_what_may(source: str, given: dict[str, Any]) -> None:
    camera_source(settings(source, **given))


@pytest.mark.parametrize(
    ("source", "given", "why"),
    [
        ("", {}, "no camera is configured"),
        ("/dev/video0", {}, "lacks bus_path and vendor_product"),
        ("/dev/video0", {"camera__pin": '{serial = "5A1B2C3D"}'}, "lacks bus_path"),
        ("/dev/video0", {"camera__pin": FINGERPRINT}, "lacks bus_path"),
        ("csi:0", {"camera__pin": PIN}, "lacks sensor"),
        ("rtsps://camera/1", {}, "lacks fingerprint"),
        ("rtsps://camera/1#verify=off", {"camera__pin": FINGERPRINT}, "anybody's certificate"),
        ("rtsp://camera/1", {"camera__pin": FINGERPRINT}, "only rtsps"),
        ("rtsp://camera/1", {"environment": "development"}, "only rtsps"),
        (SYNTHETIC, {"camera__pin": PIN}, "no camera"),
        (SYNTHETIC, {"environment": "development"}, "no camera"),
        (str(ENROLLED), {"environment": "development", "camera__unsafe_source": "true"}, "no camera"),
        (str(ENROLLED.parent), {"environment": "development", "camera__unsafe_source": "true"}, "no camera"),
        (SYNTHETIC, {"camera__unsafe_source": "true"}, "refused in production"),
        ("/dev/video0", {"camera__unsafe_source": "true", "camera__pin": PIN}, "refused in production"),
        ("/dev/video0", {"camera__pin": "{bus_path ="}, "no inline table"),
        ("/dev/video0", {"camera__pin": '{serail = "5A1B2C3D"}'}, "serail"),
        ("/dev/video0", {"camera__pin": '{vendor_product = "Logitech"}'}, "pin"),
    ],
)
def test_what_may_not(source: str, given: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        camera_source(settings(source, **given))
    assert caught.value.hint


def test_the_printed_pin_is_the_one_that_passes(tmp_path: Path) -> None:
    machine = Machine(sysfs=tmp_path)
    usb_camera(tmp_path)
    source = camera_source(settings(camera__pin=PIN))
    printed = pin_as_toml(identify(source, machine).pin)
    pinned = settings(camera__pin=printed)
    assert camera_pin(pinned) == identify(source, machine).pin
    guard = camera_guard(pinned, source, machine)
    assert guard is not None
    guard.check(is_running=False)
    usb_camera(tmp_path, serial="other")
    with pytest.raises(CameraSwappedError):
        guard.check(is_running=False)


def test_before_a_door_a_virtual_camera_is_refused_though_nothing_is_pinned(tmp_path: Path) -> None:
    loopback(tmp_path)
    of_development = settings(environment="development")
    guard = camera_guard(of_development, camera_source(of_development), Machine(sysfs=tmp_path))
    assert guard is not None
    with pytest.raises(CameraSwappedError, match="v4l2loopback"):
        guard.check(is_running=False)
    unsafe = settings(environment="development", camera__unsafe_source="true")
    assert camera_guard(unsafe, camera_source(unsafe)) is None
    no_door = settings(door="none")
    assert camera_guard(no_door, camera_source(no_door)) is None
