"""A thousand frames through the production path: does memory stay, does time stay, are the pictures the same."""

import hashlib
import subprocess
import time
from pathlib import Path

import numpy as np

from scripts.gpu_check.drawn import Case
from scripts.gpu_check.finding import Finding, not_measured
from scripts.gpu_check.native import NativeRenderer

SECTION = "soak"

_WARM_UP = 50
_PERIOD = 100
_MOST_GROWTH_MIB = 2.0


def measure_soak(renderer: NativeRenderer, case: Case, *, frames: int) -> list[Finding]:
    """Render many frames and compare memory before and after; the first frame comes again every hundredth time.

    Args:
        renderer: the one that serves.
        case: what of every frame.
        frames: how many.
    """
    out = np.empty((len(case.views), 3, case.spec.side, case.spec.side), np.float32)

    def render(number: int) -> None:
        pixels = np.roll(case.pixels, number, axis=1)
        start = time.perf_counter()
        renderer.render_native(pixels, case.crop, case.views, case.spec, out)
        spent.append((time.perf_counter() - start) * 1e3)

    spent: list[float] = []
    warm_up, period = min(_WARM_UP, frames), max(1, min(_PERIOD, frames // 2))
    for number in range(warm_up, -1, -1):
        render(number)
    first, changed = hashlib.sha256(out.tobytes()).digest(), 0
    spent.clear()
    host_mib, device_mib = _host_mib(), _device_mib()
    for number in range(frames):
        render(number % period)
        changed += number % period == 0 and hashlib.sha256(out.tobytes()).digest() != first
    over = f"{frames} frames, after {warm_up} that are not counted"
    p50, p95, p99 = np.percentile(spent, (50, 95, 99))
    return [
        Finding(
            section=SECTION,
            figure="same frame, other bytes",
            value=changed,
            bar="0",
            is_met=changed == 0,
            detail=f"{frames} frames, the first one shown {-(-frames // period)} times",
        ),
        Finding(
            section=SECTION,
            figure="milliseconds a frame, p50 / p95 / p99",
            value=f"{p50:.3f} / {p95:.3f} / {p99:.3f}",
            detail=f"upload, {len(case.views)} views in launches of 16, pictures back to the host",
        ),
        _growth("resident host memory that grew, MiB", host_mib, _host_mib(), over),
        _growth("memory in use on the device, by everybody, that grew, MiB", device_mib, _device_mib(), over),
    ]


def _growth(figure: str, before_mib: float | None, after_mib: float | None, over: str) -> Finding:
    if before_mib is None or after_mib is None:
        return not_measured(SECTION, figure, "this machine does not tell")
    grown = after_mib - before_mib
    return Finding(
        section=SECTION,
        figure=figure,
        value=round(grown, 2),
        bar=f"<= {_MOST_GROWTH_MIB:g}",
        is_met=grown <= _MOST_GROWTH_MIB,
        detail=f"over {over}",
    )


def _host_mib() -> float | None:
    try:
        status = Path("/proc/self/status").read_text("utf-8")
        return float(status.partition("VmRSS:")[2].split()[0]) / 1024
    except (OSError, ValueError, IndexError):
        return None


def _device_mib() -> float | None:
    command = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "--id=0"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
        return float(told.strip().splitlines()[0])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None
