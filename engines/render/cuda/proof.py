"""The kernels' acceptance: on their device they render what the host renders, or they do not serve.

Where no coordinate is rounded (an upright crop of whole pixels, at full size and at half) every bit must be the
host's, through every squeezer, mask and channel order; in a turned crop of a smooth frame two levels are allowed
(engines/render/sampling.py says why).
"""

import numpy as np
from numpy.typing import NDArray

from engines.errors import AcceptanceError
from engines.render.base import Renderer
from engines.render.cpu import CPURenderer
from engines.render.cuda.device import RenderDevice
from engines.render.cuda.renderer import CudaRenderer
from engines.render.spec import PLAIN, ChannelOrder, CropGeometry, InputSpec, Region, Squeeze, ViewSpec

_SIDE = 48
_SPEC = InputSpec(_SIDE, ChannelOrder.RGB, 127.5, 1 / 128)
_LEVELS = InputSpec(_SIDE, ChannelOrder.BGR, 0.0, 1.0)
_MOST_LEVELS = 2.0
_VIEWS = tuple(
    ViewSpec(name=squeeze.value, squeeze=squeeze, occlusions=(Region(0.25, 0.5, 0.25, 0.25),), fill=77)
    for squeeze in Squeeze
)
_WHOLE_PX = (np.array([[1.0, 0, 9], [0, 1.0, -5]]), np.array([[2.0, 0, 4.5], [0, 2.0, 10.5]]))
_TURNED = np.array([[1.1, 0.5, 2.0], [-0.5, 1.1, 30.0]])


def require_proven_kernels(device: RenderDevice) -> None:
    """Return if the kernels of a device render what the host renders.

    Raises:
        AcceptanceError: they do not.
        DeviceError: the device failed.
    """
    renderer = CudaRenderer(device)
    try:
        require_equal(renderer)
    finally:
        renderer.close()


def require_equal(renderer: Renderer) -> None:
    """Return if a renderer of the kernels renders what the host's does.

    Raises:
        AcceptanceError: it does not.
    """
    noise = np.random.default_rng(0).integers(0, 256, (120, 130, 3), np.uint8)
    for matrix in _WHOLE_PX:
        found, wanted = _both(renderer, noise, matrix, _VIEWS, _SPEC)
        if not np.array_equal(found, wanted):
            raise _refused(f"{int(np.count_nonzero(found != wanted))} of {found.size} values differ from the host's")
    y, x = np.mgrid[:120, :130]
    smooth = (40 + x + y // 2).astype(np.uint8)[:, :, None].repeat(3, axis=2)
    found, wanted = _both(renderer, smooth, _TURNED, (PLAIN,), _LEVELS)
    farthest = float(np.abs(found - wanted).max())
    if not farthest <= _MOST_LEVELS:
        raise _refused(f"a turned crop is up to {farthest:.0f} levels from the host's")


def _both(
    renderer: Renderer,
    pixels: NDArray[np.uint8],
    matrix: NDArray[np.float64],
    views: tuple[ViewSpec, ...],
    spec: InputSpec,
) -> NDArray[np.float32]:
    crop = CropGeometry.from_matrix(matrix)
    pictures = np.zeros((2, len(views), 3, spec.side, spec.side), np.float32)
    for one, out in zip((renderer, CPURenderer()), pictures, strict=True):
        one.render(pixels, crop, views, spec, out)
    return pictures


def _refused(what: str) -> AcceptanceError:
    return AcceptanceError(
        f"the CUDA kernels are not served: {what}",
        hint="run 'edge-gate engines build --kernels' on this device; if it stays, use another runtime",
    )
