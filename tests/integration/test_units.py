"""The systemd units are valid, and as confined as their page says; held against Debian's own systemd."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "systemd").glob("*.service"))
SERVED = "/opt/edge-gate/current/bin/edge-gate"
PAGE = ROOT / "docs" / "how-to" / "install-jetson.md"
ANALYZE = shutil.which("systemd-analyze")

needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="needs systemd-analyze")


def analyze(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ANALYZE), *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )


def exposure(unit: Path) -> float:
    text = analyze("security", "--offline=true", "--no-pager", unit).stdout
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", text)
    assert found is not None, text
    return float(found[1])


@needs_systemd
def test_the_units_are_valid(tmp_path: Path) -> None:
    copies = []
    for unit in UNITS:
        copy = tmp_path / unit.name
        copy.write_text(unit.read_text().replace(SERVED, "/bin/true"))  # which the machine of a test has
        copies.append(copy)
    ran = analyze("verify", *copies)
    assert (ran.returncode, ran.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=[unit.stem for unit in UNITS])
def test_each_is_as_confined_as_its_page_says(unit: Path) -> None:
    told = re.search(rf"`{unit.name}` \| [^|]* \| ([\d.]+) \|", PAGE.read_text())
    assert told is not None
    score = exposure(unit)
    assert score <= float(told[1]), "tell it on the page, with why"
    assert analyze("security", "--offline=true", f"--threshold={round(score * 10)}", unit).returncode == 0


def directives(unit: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (ROOT / "systemd" / unit).read_text().splitlines():
        name, sign, value = line.partition("=")
        if sign and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def test_the_gate_starts_behind_its_engines_and_is_watched() -> None:
    gate = directives("edge-gate.service")
    assert gate["Requires"] == ["edge-gate-engines.service"]
    assert "edge-gate-engines.service" in gate["After"]
    assert gate["Type"] == ["notify"]
    assert gate["NotifyAccess"] == ["main"]
    assert float(gate["WatchdogSec"][0]) * 1_000 > 10 * 3_000  # camera.stall_after_ms by default
    assert gate["RestartPreventExitStatus"] == ["2 3 4"]
    assert gate["LimitCORE"] == ["0"]


@pytest.mark.parametrize("unit", ["edge-gate.service", "edge-gate-engines.service"])
@pytest.mark.parametrize("fatal", ["PrivateDevices", "MemoryDenyWriteExecute", "DevicePolicy", "ProtectClock"])
def test_nothing_hides_the_gpu_from_them(unit: str, fatal: str) -> None:
    assert fatal not in directives(unit)


def test_the_gate_can_reach_argus() -> None:
    assert "PrivateTmp" not in directives("edge-gate.service")


def test_engines_are_built_without_a_network() -> None:
    engines = directives("edge-gate-engines.service")
    assert engines["PrivateNetwork"] == ["yes"]
    assert engines["RemainAfterExit"] == ["yes"]
