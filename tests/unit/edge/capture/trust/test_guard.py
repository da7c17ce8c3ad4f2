"""A camera held to its pin. Fake sysfs trees; a real TLS server for the certificate."""

import hashlib
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from edge.capture.source import Source, SourceKind, parse_source
from edge.capture.trust.before_a_door import why_not_before_a_door
from edge.capture.trust.guard import PinGuard
from edge.capture.trust.identify import identify
from edge.capture.trust.identity import CameraPin, pin_as_toml
from edge.capture.trust.machine import Machine
from edge.domain.errors import CameraError, CameraSwappedError
from tests.support.certificates import TestAuthority
from tests.support.sysfs_trees import jetson_modules, loopback, unplug, usb_camera
from tests.unit.edge.capture.rtsp_server import RtspServer

USB = parse_source("/dev/video0")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    usb_camera(tmp_path / "sys")
    jetson_modules(tmp_path / "device-tree", "front")
    return Machine(sysfs=tmp_path / "sys", device_tree=tmp_path / "device-tree")


def guard_of(machine: Machine, source: Source = USB) -> PinGuard:
    return PinGuard(source, identify(source, machine).pin, machine)


def test_the_pinned_camera_passes_again_and_again(machine: Machine) -> None:
    guard = guard_of(machine)
    guard.check(is_running=False)
    guard.check(is_running=True)


@pytest.mark.parametrize(
    "other",
    [
        {"serial": "99999999"},
        {"serial": None},
        {"ids": ("0bda", "5830")},
        {"port": "4"},
        {"bus": "pci0000:00/0000:00:1a.0/usb1"},
    ],
)
def test_another_camera_in_its_place_is_a_swap(machine: Machine, other: dict[str, object]) -> None:
    guard = guard_of(machine)
    usb_camera(machine.sysfs, **other)  # type: ignore[arg-type]  # a table of its arguments
    with pytest.raises(CameraSwappedError, match="not the pinned camera") as caught:
        guard.check(is_running=True)
    assert "cameras list" in caught.value.hint
    usb_camera(machine.sysfs)
    guard.check(is_running=True)


def test_an_unplugged_camera_is_gone_and_not_swapped(machine: Machine) -> None:
    guard = guard_of(machine)
    unplug(machine.sysfs)
    with pytest.raises(CameraError) as caught:
        guard.check(is_running=True)
    assert not isinstance(caught.value, CameraSwappedError)


@pytest.mark.parametrize("pin", [None, CameraPin(), CameraPin(bus_path="x")])
def test_a_program_in_its_place_is_refused_whatever_the_pin(machine: Machine, pin: CameraPin | None) -> None:
    loopback(machine.sysfs)
    with pytest.raises(CameraSwappedError, match="is no camera"):
        PinGuard(USB, pin, machine).check(is_running=False)


def test_a_pin_of_another_kind_never_fits(machine: Machine) -> None:
    pin = replace(identify(USB, machine).pin, fingerprint="0" * 64)
    with pytest.raises(CameraSwappedError, match="fingerprint is missing"):
        PinGuard(USB, pin, machine).check(is_running=False)


def test_a_sensor_of_another_kind_is_a_swap(machine: Machine) -> None:
    guard = guard_of(machine, parse_source("csi:0"))
    guard.check(is_running=True)
    jetson_modules(machine.device_tree, "other")
    with pytest.raises(CameraSwappedError):
        guard.check(is_running=True)


def test_what_pins_which_kind() -> None:
    assert CameraPin().lacks(SourceKind.V4L2) == ("bus_path", "vendor_product")
    assert CameraPin(bus_path="p", vendor_product="1:2").lacks(SourceKind.V4L2) == ()
    assert CameraPin(bus_path="p", sensor="s").lacks(SourceKind.V4L2) == ()
    assert CameraPin(bus_path="p", vendor_product="1:2").lacks(SourceKind.CSI) == ("sensor",)
    assert CameraPin(bus_path="p").lacks(SourceKind.RTSP) == ("fingerprint",)
    assert pin_as_toml(CameraPin(bus_path="p", serial="s")) == '{bus_path = "p", serial = "s"}'


def test_a_network_camera_is_its_certificate(tmp_path: Path, machine: Machine) -> None:
    authority = TestAuthority(tmp_path, "cameras")
    contexts = []
    for name in ("door", "other"):
        pair = authority.issue(name, "127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.cert_file, pair.key_file)
        contexts.append((context, pair))
    (context, pair), (other, _) = contexts
    with RtspServer(frames=1, tls=context) as server:
        source = parse_source(f"rtsps://user:secret@127.0.0.1:{server.port}/1#ca={authority.ca_file}")
        found = identify(source, machine)
        der = ssl.PEM_cert_to_DER_cert(pair.cert_file.read_text())
        assert found.fingerprint == hashlib.sha256(der).hexdigest()
    with RtspServer(frames=1, tls=other) as server:
        same = parse_source(f"rtsps://127.0.0.1:{server.port}/1#ca={authority.ca_file}")
        guard = PinGuard(same, CameraPin(fingerprint=found.fingerprint), machine)
        guard.check(is_running=True)  # a running stream holds its own connection
        with pytest.raises(CameraSwappedError):
            guard.check(is_running=False)
    with RtspServer(frames=1, tls=other) as server, pytest.raises(CameraError, match="does not hold") as caught:
        identify(parse_source(f"rtsps://user:secret@127.0.0.1:{server.port}/1"), machine)
    assert "secret" not in str(caught.value)
    with pytest.raises(CameraError, match="no secured connection"):
        identify(parse_source("rtsps://127.0.0.1:9/1"), machine)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("/dev/video0", ""),
        ("csi:0", ""),
        ("rtsps://camera/1", ""),
        ("rtsps://camera/1#verify=off", "anybody's certificate"),
        ("rtsp://camera/1", "only rtsps"),
    ],
)
def test_what_may_stand_before_a_door(source: str, why: str) -> None:
    found = why_not_before_a_door(parse_source(source))
    assert why in found
    assert bool(found) == bool(why)
