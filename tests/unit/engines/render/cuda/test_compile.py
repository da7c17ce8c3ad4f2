"""The kernels compile for every Jetson that is meant, without a warning and without a spilled register."""

import shutil
import stat
from pathlib import Path

import pytest

from engines.errors import EngineError
from engines.render.cuda import compile as compiling
from engines.render.cuda.compile import KERNELS, KernelReport, compile_fatbin, find_nvcc, reports_in

ARCHITECTURES = (87, 90, 110)
needs_nvcc = pytest.mark.skipif(shutil.which("nvcc") is None, reason="no CUDA compiler")


@needs_nvcc
def test_the_kernels_compile_without_spills_for_orin_hopper_and_thor(tmp_path: Path) -> None:
    reports = compile_fatbin(ARCHITECTURES, tmp_path / "kernels.fatbin")
    assert {(r.kernel, r.architecture) for r in reports} == {(k, a) for k in KERNELS for a in ARCHITECTURES}
    assert [r for r in reports if r.spilled_bytes] == []
    assert max(r.registers for r in reports) <= 64
    assert (tmp_path / "kernels.fatbin").stat().st_size > 10_000


@needs_nvcc
def test_an_architecture_that_the_compiler_does_not_know_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="cannot compile") as caught:
        compile_fatbin((12,), tmp_path / "kernels.fatbin")
    assert caught.value.hint


def test_without_a_compiler_the_hint_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(compiling, "_USUAL_PLACES", ())
    with pytest.raises(EngineError, match="no nvcc") as caught:
        find_nvcc()
    assert "install" in caught.value.hint


def test_a_compiler_that_says_nothing_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "nvcc"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(EngineError, match="it said nothing"):
        compile_fatbin((87,), tmp_path / "out", nvcc=broken)
    with pytest.raises(EngineError, match="does not run"):
        compile_fatbin((87,), tmp_path / "out", nvcc=tmp_path / "absent")


def test_spills_are_read_from_the_report() -> None:
    text = (
        "ptxas info    : Compiling entry function 'k' for 'sm_87'\n"
        "    8 bytes stack frame, 4 bytes spill stores, 12 bytes spill loads\n"
        "ptxas info    : Used 46 registers, used 1 barriers\n"
    )
    assert reports_in(text) == [KernelReport("k", 87, 46, 16)]
