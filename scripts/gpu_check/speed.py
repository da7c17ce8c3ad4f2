"""How far one fused launch is from what the device's memory allows, and from OpenCV on this machine's processor."""

import time
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from engines.gpu.base import Gpu, Kernel
from engines.render.cpu import CPURenderer
from engines.render.cuda.device import RenderDevice
from engines.render.spec import ChannelOrder, CropGeometry, InputSpec, Region, Squeeze, ViewSpec
from scripts.gpu_check.drawn import Case
from scripts.gpu_check.finding import Finding
from scripts.gpu_check.launcher import Prepared

SECTION = "speed"

_VIEWS = 32
_FRAME_PX = (1280, 720)
_FACE_PX = 300
_COPY_THREADS = 256
_LEAST_SHARE = 0.5
_LEAST_US = 20.0
_ROUNDS = 7


def measure_speed(gpu: Gpu, device: RenderDevice, copy: Kernel, *, launches: int, copy_mib: int) -> list[Finding]:
    """Return the device's copy bandwidth, the time of a launch, what that is of the bound, and OpenCV's time.

    Args:
        gpu: in its owner's thread.
        device: holds the rendering kernels.
        copy: the yardstick of memory, copy.cu.
        launches: in a row, timed together.
        copy_mib: how much is copied at once.
    """
    bytes_per_us = _copy_bandwidth(gpu, copy, copy_mib)
    found = [
        Finding(
            section=SECTION,
            figure="copy bandwidth, GB/s read and written",
            value=round(bytes_per_us / 1e3, 1),
            detail=f"{copy_mib} MiB from device to device, best of {_ROUNDS}",
        ),
        Finding(
            section=SECTION,
            figure="one launch that copies sixteen bytes, microseconds",
            value=round(_least_launch_us(gpu, copy, launches), 2),
            detail="what a launch costs before it does anything: nothing shorter can be seen here",
        ),
    ]
    case = serving_case()
    for dtype in (np.dtype(np.float32), np.dtype(np.float16)):
        us = _launch_us(gpu, device.kernel("eg_render", dtype), case, dtype, launches)
        bound_us = moved_bytes(case, dtype) / bytes_per_us
        most_us = max(_LEAST_US, bound_us / _LEAST_SHARE)
        found.append(
            Finding(
                section=SECTION,
                figure=f"one launch, {_VIEWS} views of 160 px from 1280x720, {dtype}, microseconds",
                value=round(us, 2),
                bar=f"<= {most_us:.1f}",
                is_met=us <= most_us,
                detail=f"wall clock of {launches} launches in a row, median of {_ROUNDS}; the copy bandwidth needs"
                f" {bound_us:.2f} microseconds for the same bytes, {100 * bound_us / us:.0f} % of this",
            )
        )
    return [*found, _opencv(case)]


def serving_case() -> Case:
    """Return 32 views as the gate asks for them: plain, random places, squeezers, masks; of a face in 1280x720."""
    width, height = _FRAME_PX
    rng = np.random.default_rng(7)
    pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
    scale = _FACE_PX / 160
    crop = CropGeometry.from_matrix(np.array([[scale, 0.05, 480.0], [-0.05, scale, 200.0]]))
    squeezers = [s for s in Squeeze if s is not Squeeze.NONE]
    return Case(pixels, crop, tuple(_view(n, squeezers) for n in range(_VIEWS)), _FACENET)


_FACENET = InputSpec(160, ChannelOrder.RGB, 127.5, 1 / 128)


def _view(number: int, squeezers: Sequence[Squeeze]) -> ViewSpec:
    match number % 4:
        case 0:
            return ViewSpec(name=f"plain-{number}")
        case 1:
            return ViewSpec(name=f"random-{number}", inner=Region(0.05, number / 400, 0.86, 0.86))
        case 2:
            return ViewSpec(name=f"squeezed-{number}", squeeze=squeezers[number // 4 % len(squeezers)])
        case _:
            return ViewSpec(name=f"masked-{number}", occlusions=(Region(0.0, number / 80, 1.0, 0.3),))


def moved_bytes(case: Case, dtype: np.dtype[np.float32] | np.dtype[np.float16]) -> int:
    """Return what must at least move: the crop's part of the frame once, and every pixel of the output."""
    return 3 * _FACE_PX**2 + len(case.views) * 3 * case.spec.side**2 * dtype.itemsize


def _launch_us(
    gpu: Gpu, kernel: Kernel, case: Case, dtype: np.dtype[np.float32] | np.dtype[np.float16], launches: int
) -> float:
    prepared = Prepared(gpu, case, dtype)
    try:

        def burst() -> None:
            for _ in range(launches):
                prepared.launch(kernel)
            gpu.wait()

        return float(np.median(_seconds(burst))) * 1e6 / launches
    finally:
        prepared.free()


def _least_launch_us(gpu: Gpu, kernel: Kernel, launches: int) -> float:
    memory, count = gpu.allocate(32), gpu.stage((1,), np.dtype(np.uint64))
    try:
        count.host[0] = 1
        gpu.upload(count)

        def burst() -> None:
            for _ in range(launches):
                kernel.launch((1, 1, 1), (32, 1, 1), (memory.address, memory.address + 16, count.address))
            gpu.wait()

        return float(np.median(_seconds(burst))) * 1e6 / launches
    finally:
        memory.free()
        count.free()


def _copy_bandwidth(gpu: Gpu, kernel: Kernel, mib: int) -> float:
    """Return bytes a microsecond, read and written."""
    nbytes = mib * 2**20
    source, target = gpu.allocate(nbytes), gpu.allocate(nbytes)
    count = gpu.stage((1,), np.dtype(np.uint64))
    try:
        count.host[0] = nbytes // 16
        gpu.upload(count)
        grid = (gpu.facts.multiprocessors * 16, 1, 1)

        def copy() -> None:
            for _ in range(4):
                kernel.launch(grid, (_COPY_THREADS, 1, 1), (source.address, target.address, count.address))
            gpu.wait()

        return 4 * 2 * nbytes / (min(_seconds(copy)) * 1e6)
    finally:
        for memory in (source, target, count):
            memory.free()


def _opencv(case: Case) -> Finding:
    out = np.empty((len(case.views), 3, case.spec.side, case.spec.side), np.float32)
    renderer, threads = CPURenderer(), cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        spent = _seconds(lambda: renderer.render(case.pixels, case.crop, case.views, case.spec, out))
    finally:
        cv2.setNumThreads(threads)
    return Finding(
        section=SECTION,
        figure="the same 32 views by OpenCV on one thread of this processor, microseconds",
        value=round(float(np.median(spent)) * 1e6, 1),
        detail=f"OpenCV {cv2.__version__}, float32 pictures, median of {_ROUNDS}",
    )


def _seconds(work: Callable[[], None]) -> list[float]:
    work()
    spent = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return spent
