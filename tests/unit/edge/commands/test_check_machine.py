"""What ``check`` says of machines that are not this one: trees of files stand in for them."""

from pathlib import Path

import pytest

from edge.commands import check_machine
from edge.commands.check_machine import MACHINE_PROBES
from edge.domain.errors import ConfigError
from edge.settings.load import load_settings
from edge.settings.tree import Settings
from engines.errors import RuntimeMissingError
from engines.machine.root import MachineRoot
from tests.support.jetson_trees import jetson, programs, write

GST = {"gst-launch-1.0": "GStreamer 1.24.2"}


def settings(**more: str) -> Settings:
    return load_settings(environ={"EDGE__ENVIRONMENT": "development"} | more)


def asking_tensorrt() -> Settings:
    made = settings()
    engine = made.engine.model_copy(update={"runtime": "tensorrt"})
    return made.model_copy(update={"engine": engine})


def line(name: str, of: Settings, machine: MachineRoot) -> str:
    return MACHINE_PROBES[name](of, machine)


@pytest.fixture
def bare(tmp_path: Path) -> MachineRoot:
    return MachineRoot(path=tmp_path, output_of=programs({}))


def test_a_machine_that_is_no_jetson_is_fine(bare: MachineRoot) -> None:
    for name in MACHINE_PROBES:
        assert line(name, settings(), bare)


def test_jetpack_7_is_named_and_jetpack_6_refused(tmp_path: Path) -> None:
    assert line("jetpack", settings(), jetson(tmp_path)).startswith("JetPack 7.2 (L4T 39.2.0) on NVIDIA Jetson Orin")
    with pytest.raises(ConfigError, match=r"JetPack 6.2 \(L4T 36.4.3\)") as caught:
        line("jetpack", settings(), jetson(tmp_path, release="36", revision="4.3"))
    assert "JetPack 7" in caught.value.hint


@pytest.mark.parametrize(
    ("version", "said"),
    [("", "sees no tensorrt"), ("10.3.0.26", "too old"), ("unknown", "too old"), ("8.6.2", "too old")],
)
def test_tensorrt_is_asked_for_and_not_as_it_must_be(
    bare: MachineRoot, monkeypatch: pytest.MonkeyPatch, version: str, said: str
) -> None:
    monkeypatch.setattr(check_machine, "tensorrt_version", lambda: version)
    with pytest.raises(RuntimeMissingError, match=said):
        line("tensorrt", asking_tensorrt(), bare)
    assert "engine.runtime is openvino" in line("tensorrt", settings(), bare)


@pytest.mark.parametrize("version", ["10.13.3.9", "10.16.1", "11.4.1"])
def test_tensorrt_of_jetpack_7_is_fine(bare: MachineRoot, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(check_machine, "tensorrt_version", lambda: version)
    assert line("tensorrt", asking_tensorrt(), bare) == version


def test_a_csi_camera_needs_gstreamer_and_its_elements(
    tmp_path: Path, bare: MachineRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    csi = settings(EDGE__CAMERA__SOURCE="csi:0")
    with pytest.raises(ConfigError, match=r"gst-launch-1\.0 is not there"):
        line("gstreamer", csi, bare)
    monkeypatch.setattr(check_machine, "has_element", lambda name: True)
    found = line("gstreamer", csi, jetson(tmp_path, printed=GST))
    assert found == "1.24.2, with nvarguscamerasrc, nvvidconv, queue, fdsink"
    monkeypatch.setattr(check_machine, "has_element", lambda name: not name.startswith("nv"))
    with pytest.raises(ConfigError, match="has no nvarguscamerasrc, nvvidconv"):
        line("gstreamer", csi, jetson(tmp_path, printed=GST))


def test_a_camera_read_otherwise_needs_none(bare: MachineRoot) -> None:
    for source in ("/dev/video0", "rtsp://camera/1", "csi:x", ""):
        assert "not read through it" in line("gstreamer", settings(EDGE__CAMERA__SOURCE=source), bare)


def test_kernels_and_nodes_are_needed_where_tensorrt_is(tmp_path: Path, bare: MachineRoot) -> None:
    for name in ("nvcc", "nodes"):
        with pytest.raises(ConfigError) as caught:
            line(name, asking_tensorrt(), bare)
        assert caught.value.hint
    write(tmp_path, "/dev/nvidia0", "")
    assert "/dev/nvidia0" in line("nodes", asking_tensorrt(), bare)


def test_nodes_of_another_group_are_told(tmp_path: Path, bare: MachineRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "/dev/nvmap", "")
    monkeypatch.setattr("engines.machine.nodes.os.access", lambda *_: False)
    monkeypatch.setattr(check_machine, "_groups", lambda: frozenset({"video"}))
    with pytest.raises(ConfigError, match="may not use /dev/nvmap") as caught:
        line("nodes", settings(), bare)
    assert "usermod -aG render" in caught.value.hint


def test_clocks_power_and_heat_of_a_jetson(tmp_path: Path) -> None:
    machine = jetson(tmp_path)
    assert "not fixed: 'systemctl enable" in line("clocks", settings(), machine)
    assert line("power", settings(), machine) == "MAXN_SUPER (2)"
    assert line("heat", settings(), machine).startswith("cpu-thermal 51.2")
