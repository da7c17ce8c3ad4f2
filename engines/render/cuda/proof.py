"""The kernels' acceptance: on their device they render what is defined, to the last bit, or they do not serve.

Of noise, in crops that lie straight and turned, at full size, at half and at a quarter, through every squeezer and
placement, with a mask. The yardstick is the definition in numpy, and not OpenCV, whose builds for other machines may
round otherwise.
"""

import numpy as np

from engines.errors import AcceptanceError
from engines.render.base import Renderer
from engines.render.cuda.device import RenderDevice
from engines.render.cuda.renderer import CudaRenderer
from engines.render.reference import ReferenceRenderer
from engines.render.spec import WHOLE, ChannelOrder, CropGeometry, InputSpec, Region, Squeeze, ViewSpec

_SIDE = 48
_SPEC = InputSpec(_SIDE, ChannelOrder.RGB, 127.5, 1 / 128)
_VIEWS = tuple(
    ViewSpec(name=squeeze.value, inner=inner, squeeze=squeeze, occlusions=(Region(0.25, 0.5, 0.25, 0.25),), fill=77)
    for squeeze in Squeeze
    for inner in (WHOLE, Region(0.1, 0.05, 0.7, 0.8))
)
_CROPS = (
    np.array([[1.0, 0, 9], [0, 1.0, -5]]),
    np.array([[1.1, 0.5, 2.0], [-0.5, 1.1, 30.0]]),
    np.array([[2.0, 0.7, -9.3], [-0.7, 2.0, 40.2]]),
    np.array([[3.4, -2.3, 38.6], [2.3, 3.4, -76.8]]),
)


def require_proven_kernels(device: RenderDevice) -> None:
    """Return if the kernels of a device render what is defined.

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
    """Return if a renderer renders what is defined.

    Raises:
        AcceptanceError: it does not.
    """
    noise = np.random.default_rng(0).integers(0, 256, (120, 130, 3), np.uint8)
    for matrix in _CROPS:
        crop = CropGeometry.from_matrix(matrix)
        found, wanted = np.zeros((2, len(_VIEWS), 3, _SIDE, _SIDE), np.float32)
        renderer.render(noise, crop, _VIEWS, _SPEC, found)
        ReferenceRenderer().render(noise, crop, _VIEWS, _SPEC, wanted)
        differing = int(np.count_nonzero(found != wanted))
        if differing:
            raise AcceptanceError(
                f"the CUDA kernels are not served: {differing} of {found.size} values differ from what is defined",
                hint="run 'edge-gate engines build --kernels' on this device; if it stays, use another runtime",
            )
