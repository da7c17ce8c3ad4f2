import shutil
import subprocess
from pathlib import Path

import pytest

from edge.capture.trust.identity import CameraIdentity
from edge.capture.trust.machine import Machine
from edge.capture.trust.udev_rule import udev_rule
from edge.capture.trust.video_device import identify_video_device
from edge.domain.errors import UsageError
from tests.support.sysfs_trees import JETSON, board_sensor, loopback, usb_camera

TEMPLATE = Path(__file__).parents[5] / "systemd" / "70-edge-gate-camera.rules"


def _can_verify() -> bool:
    udevadm = shutil.which("udevadm")
    return udevadm is not None and subprocess.run([udevadm, "verify", "--help"], check=False).returncode == 0


def found(root: Path) -> CameraIdentity:
    return identify_video_device("/dev/video0", Machine(sysfs=root, device_tree=root))


@pytest.fixture
def missing_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.capture.trust.video_device._refuse_other_node", lambda *_: None)


@pytest.mark.usefixtures("missing_node")
def test_a_usb_camera_is_named_by_all_that_is_known_of_it(tmp_path: Path) -> None:
    usb_camera(tmp_path, bus=JETSON, port="2.1")
    rule = udev_rule(found(tmp_path), "edge-gate-camera")
    assert rule.device == "/dev/edge-gate-camera"
    assert f"#{rule.text}\n" in TEMPLATE.read_text()


@pytest.mark.usefixtures("missing_node")
def test_without_a_serial_number_none_is_asked_for(tmp_path: Path) -> None:
    usb_camera(tmp_path, serial=None)
    assert "serial" not in udev_rule(found(tmp_path), "cam").text


def test_what_a_camera_says_of_itself_cannot_widen_its_rule() -> None:
    camera = CameraIdentity(
        source="/dev/video0", bus_path="p-usb-0:1:1.0", vendor_product="046d:082d", serial='*", RUN+="x'
    )
    text = udev_rule(camera, "cam").text
    assert 'ATTRS{serial}=="????RUN???x"' in text
    assert "*" not in text


@pytest.mark.usefixtures("missing_node")
@pytest.mark.parametrize("plug_in", [board_sensor, loopback])
def test_only_a_usb_camera_has_one(tmp_path: Path, plug_in: object) -> None:
    assert callable(plug_in)
    plug_in(tmp_path)
    with pytest.raises(UsageError, match="no USB camera"):
        udev_rule(found(tmp_path), "cam")


@pytest.mark.parametrize("name", ["", "../sda", "Cam", "a b", "x" * 40])
def test_a_name_that_is_no_link_is_refused(name: str) -> None:
    camera = CameraIdentity(source="/dev/video0", bus_path="p", vendor_product="046d:082d")
    with pytest.raises(UsageError, match="cannot be a camera's name"):
        udev_rule(camera, name)


@pytest.mark.usefixtures("missing_node")
@pytest.mark.skipif(not _can_verify(), reason="needs a udevadm that can verify")
def test_udev_reads_it(tmp_path: Path) -> None:
    usb_camera(tmp_path)
    rules = tmp_path / "70-edge-gate-camera.rules"
    rules.write_text(udev_rule(found(tmp_path), "edge-gate-camera").text + "\n")
    ran = subprocess.run(["udevadm", "verify", str(rules)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
