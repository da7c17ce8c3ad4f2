"""``python3 -m scripts.gpu_check --kit DIR [--out FILE] [--quick]``: what ``make gpu-check`` runs; see the package.

Exits with 0 if every bar that could be judged is met, 1 if one is missed or something other than the device failed, 5
if there is no device or it failed.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from engines.cache import ModelStore
from engines.errors import DeviceError, EngineError, RuntimeMissingError
from engines.gpu.base import Gpu, GpuOwner
from engines.gpu.owner import close_gpu, gpu_owner
from engines.render.cuda.compile import compile_fatbin, find_nvcc
from engines.render.cuda.compiled import build_kernels, read_kernels
from engines.render.cuda.device import RenderDevice
from engines.render.cuda.proof import require_proven_kernels
from engines.render.cuda.renderer import CudaRenderer
from scripts.gpu_check.finding import Finding
from scripts.gpu_check.kit import unpacked
from scripts.gpu_check.machine import machine_facts
from scripts.gpu_check.networks import measure_networks
from scripts.gpu_check.page import page_of
from scripts.gpu_check.parity import measure_parity
from scripts.gpu_check.soak import measure_soak
from scripts.gpu_check.speed import measure_speed, serving_case

_CASES, _FRAMES, _ROUNDS, _QUICK = 1_000, 1_000, 50, 5
_COPY_SOURCE = Path(__file__).parent / "copy.cu"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print one JSON object a finding, write the page."""
    parser = argparse.ArgumentParser(prog="gpu-check", description=__doc__)
    parser.add_argument("--kit", type=Path, required=True, help="folder of 'make gpu-kit'")
    parser.add_argument("--out", type=Path, help="page to write, such as docs/reference/gpu.md")
    parser.add_argument("--quick", action="store_true", help="a few cases of everything: does it run at all?")
    asked = parser.parse_args(arguments)
    begin = time.monotonic()
    try:
        nvcc = find_nvcc()
        owner = gpu_owner()
        facts = owner.do(lambda gpu: gpu.facts)
        findings = []
        with tempfile.TemporaryDirectory() as folder:
            for finding in _findings(owner, nvcc, unpacked(asked.kit, Path(folder)), is_quick=asked.quick):
                print(json.dumps(finding.values()), flush=True)
                findings.append(finding)
    except EngineError as error:
        print(f"error: {error}\nhint: {error.hint}", file=sys.stderr)
        return 5 if isinstance(error, DeviceError | RuntimeMissingError) else 1
    finally:
        close_gpu()
    if asked.out is not None:
        page = page_of(machine_facts(facts, nvcc), findings, seconds=time.monotonic() - begin, is_quick=asked.quick)
        asked.out.write_text(page, "utf-8")
    return 1 if any(finding.is_met is False for finding in findings) else 0


def _findings(owner: GpuOwner, nvcc: Path, store: ModelStore, *, is_quick: bool) -> Iterator[Finding]:
    capability = owner.do(lambda gpu: gpu.facts).capability
    built = build_kernels(store, (10 * capability[0] + capability[1],), nvcc=nvcc)
    yield from (
        Finding(
            section="kernels",
            figure=f"{report.kernel}, sm_{report.architecture}: bytes spilled a thread",
            value=report.spilled_bytes,
            bar="0",
            is_met=report.spilled_bytes == 0,
            detail=f"{report.registers} registers",
        )
        for report in built.reports
    )
    device = RenderDevice(owner, read_kernels(store, capability))
    renderer = CudaRenderer(device)
    try:
        require_proven_kernels(device)
        yield from measure_parity(renderer, count=_QUICK if is_quick else _CASES)
        yield from _speed(owner, device, nvcc, store, is_quick=is_quick)
        yield from measure_soak(renderer, serving_case(), frames=_QUICK if is_quick else _FRAMES)
    finally:
        renderer.close()
        device.close()
    yield from measure_networks(store, rounds=1 if is_quick else _ROUNDS)


def _speed(owner: GpuOwner, device: RenderDevice, nvcc: Path, store: ModelStore, *, is_quick: bool) -> list[Finding]:
    with store.workspace() as folder:
        capability = owner.do(lambda gpu: gpu.facts).capability
        compile_fatbin((10 * capability[0] + capability[1],), folder / "copy.fatbin", nvcc=nvcc, source=_COPY_SOURCE)
        fatbin = (folder / "copy.fatbin").read_bytes()

    def work(gpu: Gpu) -> list[Finding]:
        copy = gpu.load_kernels(fatbin)["eg_copy"]
        size = {"launches": 1, "copy_mib": 1} if is_quick else {"launches": 300, "copy_mib": 512}
        return measure_speed(gpu, device, copy, **size)

    return owner.do(work)


if __name__ == "__main__":
    sys.exit(main())
