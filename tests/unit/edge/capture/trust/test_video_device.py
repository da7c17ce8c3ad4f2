"""Cameras as sysfs shows them. Fake trees: no camera is at hand."""

from pathlib import Path

import pytest

from edge.capture.trust.identify import present_cameras
from edge.capture.trust.machine import Machine
from edge.capture.trust.video_device import identify_video_device, video_devices
from edge.domain.errors import CameraError
from tests.support.sysfs_trees import JETSON, LENT, board_sensor, jetson_modules, loopback, unplug, usb_camera, vivid


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(sysfs=tmp_path / "sys", device_tree=tmp_path / "device-tree")


def test_a_usb_camera_is_its_port_its_ids_and_its_serial(machine: Machine) -> None:
    usb_camera(machine.sysfs, port="3.2")
    found = identify_video_device("/dev/video0", machine)
    assert found.bus_path == "pci-0000:00:14.0-usb-0:3.2:1.0"
    assert (found.vendor_product, found.serial, found.name) == ("046d:082d", "5A1B2C3D", "HD Pro Webcam C920")
    assert not found.unreal


def test_the_bus_number_does_not_count_and_the_controller_does(machine: Machine) -> None:
    usb_camera(machine.sysfs, bus=JETSON, port="2")
    assert identify_video_device("/dev/video0", machine).bus_path == "platform-3610000.usb-usb-0:2:1.0"


def test_a_sensor_on_the_board_is_its_place_and_its_name(machine: Machine) -> None:
    board_sensor(machine.sysfs)
    found = identify_video_device("/dev/video0", machine)
    assert found.bus_path == "platform/tegra-capture-vi"
    assert found.sensor == "vi-output, imx219 9-0010"
    assert not found.unreal


@pytest.mark.parametrize("number", [0, 7])
def test_programs_that_pose_as_cameras_are_known(machine: Machine, number: int) -> None:
    loopback(machine.sysfs, number=number)
    assert "v4l2loopback" in identify_video_device(f"/dev/video{number}", machine).unreal
    vivid(machine.sysfs, number=number)
    assert "vivid" in identify_video_device(f"/dev/video{number}", machine).unreal
    usb_camera(machine.sysfs, number=number, bus=LENT)
    assert "vhci_hcd.0" in identify_video_device(f"/dev/video{number}", machine).unreal


def test_an_entry_without_a_device_behind_it_is_no_camera(machine: Machine) -> None:
    usb_camera(machine.sysfs)
    (machine.sysfs / "class/video4linux/video0").resolve().joinpath("device").unlink()
    assert identify_video_device("/dev/video0", machine).unreal


def test_a_camera_that_is_not_there_is_a_fault(machine: Machine) -> None:
    with pytest.raises(CameraError, match="is not there"):
        identify_video_device("/dev/video0", machine)
    usb_camera(machine.sysfs)
    unplug(machine.sysfs)
    with pytest.raises(CameraError, match="is not there"):
        identify_video_device("/dev/video0", machine)


def test_a_node_that_is_another_device_is_refused(machine: Machine, tmp_path: Path) -> None:
    usb_camera(machine.sysfs)
    node = tmp_path / "video0"
    node.write_bytes(b"")  # a file where the device should be
    with pytest.raises(CameraError, match="is not the camera"):
        identify_video_device(str(node), machine)
    node.unlink()
    node.symlink_to("/dev/null")  # named otherwise, so another entry is asked for
    with pytest.raises(CameraError):
        identify_video_device(str(node), machine)


def test_what_a_device_says_cannot_break_the_settings(machine: Machine) -> None:
    usb_camera(machine.sysfs, serial='x"} \x1b[31m', name="\x00\n")
    serial = identify_video_device("/dev/video0", machine).serial
    assert '"' not in serial
    assert "\x1b" not in serial


def test_all_cameras_are_listed_and_metadata_nodes_are_not(machine: Machine) -> None:
    usb_camera(machine.sysfs, number=2)
    usb_camera(machine.sysfs, number=10, port="4", serial=None)
    loopback(machine.sysfs, number=3)
    usb_camera(machine.sysfs, number=4, port="5")
    (machine.sysfs / "class/video4linux/video4").resolve().joinpath("index").write_text("1\n")
    assert video_devices(machine) == ("/dev/video2", "/dev/video3", "/dev/video10")
    jetson_modules(machine.device_tree, "jakku_front_RBP194", "jakku_rear_A6V26")
    listed = list(present_cameras(machine))
    assert [camera.source for camera in listed] == ["/dev/video2", "/dev/video3", "/dev/video10", "csi:0", "csi:1"]
    assert [bool(camera.unreal) for camera in listed] == [False, True, False, False, False]
    assert listed[2].serial == ""


def test_a_machine_without_any_has_none(machine: Machine) -> None:
    assert list(present_cameras(machine)) == []


@pytest.mark.parametrize("is_old", [True, False])
def test_a_csi_sensor_is_its_badge_and_its_place(machine: Machine, is_old: bool) -> None:
    jetson_modules(machine.device_tree, "jakku_front_RBP194", is_old=is_old)
    (found,) = present_cameras(machine)
    assert found.sensor == "jakku_front_RBP194"
    assert "imx219" in found.bus_path
