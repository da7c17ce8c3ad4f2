"""The whole check over the stand-in for the CUDA driver: that it runs, and what it says where something does not."""

import json
import os
import shutil
from pathlib import Path

import pytest

from engines.gpu.owner import close_gpu
from engines.render.cuda import compile as compiling
from engines.render.cuda.compile import compile_fatbin
from scripts.gpu_check.__main__ import _COPY_SOURCE, main
from tests.support.host_cuda import HostCuda, begun_host_cuda, needs_host_cuda
from tests.support.host_gpu_kernels import fake_nvcc

needs_nvcc = pytest.mark.skipif(shutil.which("nvcc") is None, reason="no CUDA compiler")


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    """Return a kit without models."""
    (tmp_path / "kit" / "models").mkdir(parents=True)
    return tmp_path / "kit"


@pytest.fixture
def nvcc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a compiler that writes what the stand-in takes for kernels, first on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    fake_nvcc(folder)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def begun(*, is_integrated: bool) -> HostCuda:
    close_gpu()
    return begun_host_cuda(is_integrated=is_integrated)


@needs_host_cuda
@pytest.mark.usefixtures("nvcc")
@pytest.mark.parametrize("is_integrated", [True, False], ids=["integrated", "discrete"])
def test_all_of_it_runs(
    kit: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], *, is_integrated: bool
) -> None:
    cuda = begun(is_integrated=is_integrated)
    page = tmp_path / "gpu.md"
    code = main(["--kit", str(kit), "--out", str(page), "--quick"])
    findings = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {f["section"] for f in findings} == {"kernels", "speed", "soak", "networks"}
    missed = {f["figure"] for f in findings if f["is_met"] is False}
    assert "eg_render_fp32, sm_87: bytes spilled a thread" in missed
    assert [figure for figure in missed if not figure.startswith(("eg_render", "one launch", "resident"))] == []
    exact = [f for f in findings if "host shim" in f["figure"]]
    assert len(exact) == 4
    assert all(f["value"] == 0 and f["is_met"] for f in exact)
    assert all(f["value"] == "not measured" for f in findings if f["section"] == "networks")
    assert code == 1
    assert cuda.left == 0
    written = page.read_text("utf-8")
    assert "CUDA on the host" in written
    assert "no figure here counts" in written
    assert "| MISSED |" in written


@needs_host_cuda
@pytest.mark.usefixtures("nvcc")
def test_a_device_that_fails_on_the_way_is_no_page(
    kit: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cuda = begun(is_integrated=False)
    cuda.fail("cuLaunchKernel", 700, after=3)
    page = tmp_path / "gpu.md"
    assert main(["--kit", str(kit), "--out", str(page), "--quick"]) == 5
    assert "hint: " in capsys.readouterr().err
    assert not page.exists()


@needs_host_cuda
@pytest.mark.usefixtures("nvcc")
def test_without_a_kit_it_says_what_to_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begun(is_integrated=False)
    assert main(["--kit", str(tmp_path / "absent"), "--quick"]) == 1
    assert "make gpu-kit" in capsys.readouterr().err


def test_without_a_compiler_it_says_what_to_install(
    kit: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(compiling, "_USUAL_PLACES", ())
    assert main(["--kit", str(kit)]) == 1
    assert "no nvcc" in capsys.readouterr().err


@needs_nvcc
def test_the_yardstick_compiles_for_every_device_without_a_warning(tmp_path: Path) -> None:
    reports = compile_fatbin((87, 90, 110), tmp_path / "copy.fatbin", source=_COPY_SOURCE)
    assert {(r.kernel, r.architecture) for r in reports} == {("eg_copy", a) for a in (87, 90, 110)}
    assert all(r.spilled_bytes == 0 for r in reports)
