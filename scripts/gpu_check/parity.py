"""The kernels on the device, bit by bit against themselves compiled for the host; and against the definition."""

import numpy as np

from engines.render.cuda.host import HostKernels
from engines.render.reference import ReferenceRenderer
from engines.render.spec import Squeeze
from scripts.gpu_check.drawn import Case, cases
from scripts.gpu_check.finding import Finding
from scripts.gpu_check.native import NativeRenderer

_MOST_LEVELS = 1.0
_ROUNDING = 1e-3  # of single precision, in levels, where one level is 1 / 128
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
    return [*found, _against_reference(renderer, count=max(1, count // 5))]


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


def _against_reference(renderer: NativeRenderer, *, count: int) -> Finding:
    """Compare before the squeezers: what follows them is exact wherever the bytes before are the same."""
    worst, compared, reference = 0.0, 0, ReferenceRenderer()
    for drawn in cases(count, seed=5):
        views = tuple(v for v in drawn.views if v.squeeze is Squeeze.NONE)
        if not views:
            continue
        case = Case(drawn.pixels, drawn.crop, views, drawn.spec)
        found = _rendered(renderer, case, np.dtype(np.float32))
        wanted = np.empty(found.shape, np.float32)
        reference.render(case.pixels, case.crop, case.views, case.spec, wanted)
        compared += 1
        worst = max(worst, float(np.abs(found - wanted).max()) / case.spec.scale)
    return Finding(
        section=SECTION,
        figure="largest difference from the float64 definition, views without a squeezer, gray levels",
        value=round(worst, 4),
        bar=f"<= {_MOST_LEVELS:g}",
        is_met=compared > 0 and worst <= _MOST_LEVELS + _ROUNDING,
        detail=f"{compared} cases",
    )


def _rendered(
    renderer: NativeRenderer, case: Case, dtype: np.dtype[np.float32] | np.dtype[np.float16]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]] | np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
    out = np.zeros((len(case.views), 3, case.spec.side, case.spec.side), dtype)
    renderer.render_native(case.pixels, case.crop, case.views, case.spec, out)
    return out
