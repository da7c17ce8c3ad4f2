"""The role of what is held against the host: a renderer that takes a camera's frames as they are."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engines.render.spec import CropGeometry, InputSpec, ViewSpec


class NativeRenderer(Protocol):
    """Renders BGR and NV12 frames into float32 and float16 pictures."""

    def render_native(
        self,
        pixels: NDArray[np.uint8],
        crop: CropGeometry,
        views: Sequence[ViewSpec],
        spec: InputSpec,
        out: NDArray[np.float32] | NDArray[np.float16],
    ) -> None:
        """Render as :meth:`engines.render.cuda.renderer.CudaRenderer.render_native`."""
