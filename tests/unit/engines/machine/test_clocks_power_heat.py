from pathlib import Path

import pytest

from engines.machine.board import board_name
from engines.machine.clocks import clocks_of
from engines.machine.heat import warmest
from engines.machine.nodes import gpu_nodes
from engines.machine.power import power_mode
from engines.machine.root import MachineRoot, output_of
from engines.machine.surroundings import surroundings_of
from engines.machine.versions import (
    cuda_version,
    driver_version,
    gstreamer_version,
    nvcc_version,
    tensorrt_version,
)
from tests.support.jetson_trees import jetson, programs, write, zone


def test_clocks_of_cpu_and_gpu(tmp_path: Path) -> None:
    cpu, gpu = clocks_of(jetson(tmp_path))
    assert str(cpu) == "cpu0 1728 MHz (729 to 1728, schedutil)"
    assert str(gpu) == "gpu 1020 MHz (fixed, nvhost_podgov)"
    assert (cpu.is_fixed, gpu.is_fixed) == (False, True)


def test_a_clock_that_tells_half_is_left_out(tmp_path: Path) -> None:
    machine = jetson(tmp_path)
    write(tmp_path, "/sys/devices/system/cpu/cpufreq/policy0/scaling_min_freq", "?")
    assert [clock.name for clock in clocks_of(machine)] == ["gpu"]


@pytest.mark.parametrize(
    ("printed", "mode"),
    [
        ("NV Power Mode: MAXN_SUPER\n2\n", "MAXN_SUPER (2)"),
        ("NVPM WARN: fan mode is not set!\nNV Power Mode: 15W\n0\n", "15W (0)"),
        ("NVPM ERROR: no such file", ""),
    ],
)
def test_the_power_mode_is_what_nvpmodel_says(tmp_path: Path, printed: str, mode: str) -> None:
    assert power_mode(jetson(tmp_path, printed={"nvpmodel": printed})) == mode


def test_or_what_it_left_behind(tmp_path: Path) -> None:
    machine = jetson(tmp_path, printed={"nvpmodel": ""})
    write(tmp_path, "/var/lib/nvpmodel/status", "pmode:0002 fmode:quiet")
    assert power_mode(machine) == "mode 2"


def test_the_warmest_zone_and_where_it_is_slowed_down(tmp_path: Path) -> None:
    machine = jetson(tmp_path)
    heat = warmest(machine)
    assert str(heat) == "cpu-thermal 51.2 °C, slowed down at 99 °C"
    assert heat is not None
    assert not heat.is_near_throttling
    zone(tmp_path, 0, "cpu-thermal", 92_000, passive=99_000)
    hot = warmest(machine)
    assert hot is not None
    assert hot.is_near_throttling


def test_a_machine_without_any_of_it(tmp_path: Path) -> None:
    machine = MachineRoot(path=tmp_path, output_of=programs({}))
    assert clocks_of(machine) == ()
    assert power_mode(machine) == ""
    assert warmest(machine) is None
    assert gpu_nodes(machine).found == ()
    assert (cuda_version(machine), nvcc_version(machine), driver_version(machine)) == ("", "", "")
    assert board_name(machine)


def test_versions_of_what_is_there(tmp_path: Path) -> None:
    printed = {
        "nvcc": "nvcc: NVIDIA (R) Cuda compiler driver\nCuda compilation tools, release 13.2, V13.2.51",
        "gst-launch-1.0": "gst-launch-1.0 version 1.24.2\nGStreamer 1.24.2\n",
    }
    machine = jetson(tmp_path, printed=printed)
    write(tmp_path, "/usr/local/cuda/version.json", '{"cuda": {"name": "CUDA SDK", "version": "13.2.0"}}')
    write(tmp_path, "/proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  595.13")
    assert cuda_version(machine) == "13.2.0"
    assert nvcc_version(machine) == "13.2"
    assert driver_version(machine) == "595.13"
    assert gstreamer_version(machine) == "1.24.2"
    about = surroundings_of(machine)
    assert about.device.startswith("NVIDIA Jetson Orin Nano")
    assert about.versions["jetpack"] == "JetPack 7.2 (L4T 39.2.0)"
    assert about.versions["cuda"] == "13.2.0"
    assert len(about.clocks) == 2


def test_a_cuda_file_that_is_rubbish_has_no_version(tmp_path: Path) -> None:
    machine = jetson(tmp_path)
    for text in ("{", "[]", '{"cuda": 3}'):
        write(tmp_path, "/usr/local/cuda/version.json", text)
        assert cuda_version(machine) == ""


def test_nodes_that_may_not_be_used_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = jetson(tmp_path)
    write(tmp_path, "/dev/nvmap", "")
    write(tmp_path, "/dev/nvidia0", "")
    monkeypatch.setattr("engines.machine.nodes.os.access", lambda path, mode: path.name != "nvmap")
    nodes = gpu_nodes(machine)
    assert nodes.found == ("/dev/nvidia0", "/dev/nvmap")
    assert nodes.refused == ("/dev/nvmap",)


def test_the_tensorrt_of_this_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tensorrt").mkdir()
    (tmp_path / "tensorrt/__init__.py").write_text("raise SystemExit('it is not imported to ask')")
    monkeypatch.syspath_prepend(tmp_path)
    assert tensorrt_version() == "unknown"
    info = tmp_path / "tensorrt-10.16.1.11.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tensorrt\nVersion: 10.16.1.11\n")
    assert tensorrt_version() == "10.16.1.11"


def test_programs_that_fail_say_nothing() -> None:
    assert output_of(["false"]) == ""
    assert output_of(["no-such-program"]) == ""
    assert output_of(["echo", "so"]) == "so\n"
