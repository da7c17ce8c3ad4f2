"""A feed held to its pin: the capture child is real, what sysfs says of the camera is a tree of ours."""

import time
from pathlib import Path

import pytest

from edge.capture.backoff import Backoff
from edge.capture.source import parse_source
from edge.capture.supervisor import CameraFeed
from edge.capture.trust.guard import PinGuard
from edge.capture.trust.identify import identify
from edge.capture.trust.machine import Machine
from edge.domain.clock import SystemClock
from edge.domain.errors import CameraError, CameraSwappedError
from edge.domain.frame import Frame
from tests.support.gate_command import ENROLLED
from tests.support.sysfs_trees import unplug, usb_camera

USB = parse_source("/dev/video0")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    usb_camera(tmp_path)
    return Machine(sysfs=tmp_path)


def feed(machine: Machine) -> CameraFeed:
    return CameraFeed(
        parse_source(f"synthetic:{ENROLLED}?mode=empty&size=96x64"),
        clock=SystemClock(),
        backoff=Backoff(first_ms=20, most_ms=80),
        guard=PinGuard(USB, identify(USB, machine).pin, machine),
    )


def until_frame(camera: CameraFeed) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if isinstance(camera.next_frame(200), Frame):
                return
        except CameraError:
            continue
    pytest.fail("no frame came")


def fault_within(camera: CameraFeed, seconds: float) -> CameraError:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            camera.next_frame(50)
        except CameraError as error:
            return error
    pytest.fail("no fault came")


def test_a_swap_while_it_runs_ends_the_feed_until_the_pinned_one_is_back(machine: Machine) -> None:
    with feed(machine) as camera:
        until_frame(camera)
        usb_camera(machine.sysfs, serial="other")
        assert isinstance(fault_within(camera, 1.0), CameraSwappedError)
        assert camera.child_pid is None
        for _ in range(3):  # tried again and again, never opened
            assert isinstance(fault_within(camera, 1.0), CameraSwappedError)
        assert camera.restarts == 0
        usb_camera(machine.sysfs)
        until_frame(camera)


def test_unplugged_then_another_then_the_pinned_one(machine: Machine) -> None:
    with feed(machine) as camera:
        until_frame(camera)
        unplug(machine.sysfs)
        assert not isinstance(fault_within(camera, 1.0), CameraSwappedError)
        usb_camera(machine.sysfs, port="4")
        deadline = time.monotonic() + 5
        while not isinstance(fault_within(camera, 1.0), CameraSwappedError):
            assert time.monotonic() < deadline
        usb_camera(machine.sysfs)
        until_frame(camera)


def test_a_camera_that_is_not_there_at_the_start_is_waited_for(machine: Machine) -> None:
    guarded = feed(machine)
    unplug(machine.sysfs)
    with guarded as camera:
        assert "is not there" in str(fault_within(camera, 1.0))
        usb_camera(machine.sysfs)
        until_frame(camera)


def test_the_wrong_camera_is_never_even_opened(machine: Machine) -> None:
    guarded = feed(machine)
    usb_camera(machine.sysfs, serial=None)
    with guarded as camera:
        assert isinstance(fault_within(camera, 1.0), CameraSwappedError)
        assert camera.child_pid is None
