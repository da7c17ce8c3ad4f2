"""The kernels on the device, bit by bit against themselves compiled for the host; and against the definition."""

import numpy as np

from engines.render.base import Renderer
from engines.render.cpu import CPURenderer
from engines.render.cuda.host import HostKernels
from engines.render.reference import ReferenceRenderer
from scripts.gpu_check.drawn import Case, cases
from scripts.gpu_check.finding import Finding
from scripts.gpu_check.native import NativeRenderer

SECTION = "kernels"


def measure_parity(renderer: NativeRenderer, *, count: int) -> list[Finding]:
    """Return how many of the cases differ.

    Args:
        renderer: the one that serves, with the device's kernels.
        count: cases of each kind.
    """
    found = [
        _against_host(renderer, f"{kind} frames, {dtype}", dtype, count=count, is_nv12=kind == "NV12")
        for kind in ("BGR", "NV12")
        for dtype in (np.dtype(np.float32), np.dtype(np.float16))
    ]
    few = max(1, count // 5)
    return [
        *found,
        _against(renderer, ReferenceRenderer(), "the definition in numpy", count=few, is_judged=True),
        # Not judged: a build of OpenCV that rounds otherwise would make sound kernels look broken.
        _against(renderer, CPURenderer(), "OpenCV on this processor", count=count, is_judged=False),
    ]


def _against_host(
    renderer: NativeRenderer,
    title: str,
    dtype: np.dtype[np.float32] | np.dtype[np.float16],
    *,
    count: int,
    is_nv12: bool,
) -> Finding:
    host, differing, views = HostKernels(), 0, 0
    for case in cases(count, seed=1 + is_nv12, is_nv12=is_nv12):
        found = _rendered(renderer, case, dtype)
        wanted = np.empty_like(found)
        host.render_bytes(np.ascontiguousarray(case.pixels), case.crop, case.views, case.spec, wanted)
        differing += found.tobytes() != wanted.tobytes()
        views += len(case.views)
    return Finding(
        section=SECTION,
        figure=f"cases that differ from the host shim in any bit: {title}",
        value=differing,
        bar="0",
        is_met=differing == 0,
        detail=f"{count} cases, {views} views",
    )


def _against(renderer: NativeRenderer, other: Renderer, what: str, *, count: int, is_judged: bool) -> Finding:
    differing = 0
    for case in cases(count, seed=5):
        found = _rendered(renderer, case, np.dtype(np.float32))
        wanted = np.empty(found.shape, np.float32)
        other.render(case.pixels, case.crop, case.views, case.spec, wanted)
        differing += found.tobytes() != wanted.tobytes()
    return Finding(
        section=SECTION,
        figure=f"cases that differ from {what} in any bit: BGR frames, float32",
        value=differing,
        bar="0" if is_judged else "",
        is_met=differing == 0 if is_judged else None,
        detail=f"{count} cases",
    )


def _rendered(
    renderer: NativeRenderer, case: Case, dtype: np.dtype[np.float32] | np.dtype[np.float16]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]] | np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
    out = np.zeros((len(case.views), 3, case.spec.side, case.spec.side), dtype)
    renderer.render_native(case.pixels, case.crop, case.views, case.spec, out)
    return out
