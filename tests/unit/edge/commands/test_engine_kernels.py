"""``edge-gate engines build --kernels``: for named capabilities anywhere, for the device where there is one."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.commands.app import run_command_line
from engines.cache import ModelStore
from engines.gpu.owner import close_gpu
from engines.render.cuda.compile import KERNELS
from engines.render.cuda.compiled import read_kernels
from engines.views.renderings import process_device
from tests.support.host_cuda import begun_host_cuda, needs_host_cuda

needs_nvcc = pytest.mark.skipif(shutil.which("nvcc") is None, reason="no CUDA compiler")
Run = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("EDGE__ENGINE__MODELS_DIR", str(tmp_path / "models"))

    def call(*arguments: str) -> tuple[int, list[dict[str, Any]], str]:
        code = run_command_line(["engines", "build", *arguments, "--json"])
        said = capsys.readouterr()
        return code, [json.loads(line) for line in said.out.splitlines()], said.err

    return call


@needs_nvcc
@needs_host_cuda
def test_they_are_compiled_for_this_device_and_proven_on_it(run: Run, tmp_path: Path) -> None:
    begun_host_cuda(is_integrated=True)
    try:
        code, records, _ = run("--kernels")
        assert code == 0
        assert {(r["kernel"], r["sm"]) for r in records} == {(kernel, 87) for kernel in KERNELS}
        assert all(r["spilled_bytes"] == 0 and r["registers"] > 0 and r["is_proven"] for r in records)
        store = ModelStore(tmp_path / "models")
        assert len(read_kernels(store, (8, 7))) > 10_000
        process_device(store).close()
    finally:
        close_gpu()


@pytest.mark.parametrize("text", ["", "x87", "87,", "8.7", "-1", "87;90", "123456"])
def test_architectures_that_are_none_are_wrong_usage(run: Run, text: str) -> None:
    code, records, told = run("--kernels", "--arch", text)
    assert (code, records) == (2, [])
    assert "names no architectures" in told
    assert "hint" in told


def test_without_a_compiler_the_command_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr("engines.render.cuda.compile._USUAL_PLACES", ())
    code, _, told = run("--arch", "87")
    assert code == 1
    assert "no nvcc" in told


@needs_host_cuda
def test_a_device_that_does_not_start_is_a_fault_of_the_device(run: Run) -> None:
    cuda = begun_host_cuda(is_integrated=True)
    cuda.fail("cuDeviceGet", 101)
    code, _, told = run("--kernels")
    assert code == 5
    assert "cannot be used" in told
