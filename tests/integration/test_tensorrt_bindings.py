"""TensorRT's published Python bindings on stub libraries: the fake is as they are, the gate's code fits both.

``make tensorrt-bindings`` installs them. Each is loaded in a process of its own.
"""

import functools
import json
import os
import platform
import subprocess
import sys
from typing import Any

import pytest

from tests.support.strict_tensorrt import SURFACE, VERSIONS
from tests.support.tensorrt_stage import ROOT
from tests.support.tensorrt_touched import misfits

BINDINGS = ROOT / ".cache" / "tensorrt-bindings"
IS_EXPECTED = bool(os.environ.get("CI")) and platform.machine() == "x86_64"

pytestmark = pytest.mark.skipif(
    not IS_EXPECTED and not all((BINDINGS / version / "complete").exists() for version in VERSIONS),
    reason="no TensorRT bindings: make tensorrt-bindings",
)


@functools.cache
def run(module: str, version: str) -> dict[str, Any]:
    """Run a module of the tests with the bindings of a version; return the JSON that it prints."""
    folder = BINDINGS / version
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": str(folder / "stubs"),
        "PYTHONPATH": os.pathsep.join((str(folder / "site"), str(ROOT))),
    }
    done = subprocess.run(
        [sys.executable, "-m", module], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.mark.parametrize("version", VERSIONS)
def test_the_listing_behind_the_fake_is_what_the_bindings_offer(version: str) -> None:
    listed = json.loads(SURFACE.read_text("utf-8"))["versions"][version]
    assert run("tests.support.tensorrt_listing", version) == listed, "run scripts/list_tensorrt_bindings.py"


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_that_is_touched_is_offered_with_these_arguments(version: str) -> None:
    assert misfits(run("tests.support.tensorrt_listing", version)) == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_the_gates_classes_work_on_the_bindings(version: str) -> None:
    told = run("tests.support.tensorrt_probe", version)
    assert told["version"] == version
    assert told["is_logger"]
    assert told["is_monitor"]
    assert told["errors"] == "INTERNAL_ERROR; ERROR"
    assert told["steps"] == [True, True, False]
    assert told["told"] == [0.5, 1.0]
    assert told["strongly_typed"] == {"10.13.3.9": 2, "11.4.0.106": 1}[version]


@pytest.mark.parametrize("version", VERSIONS)
def test_without_a_device_both_ways_end_closed(version: str) -> None:
    told = run("tests.support.tensorrt_probe", version)
    assert "no CUDA device" in told["build"]
    assert "does not start" in told["load"]
    assert "check the driver" in told["build"]
    assert "check the driver" in told["load"]
