"""Frames, crops and views for hypothesis."""

import cv2
import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from engines.render.spec import CropGeometry, Region, Squeeze, ViewSpec


@st.composite
def frames(draw: st.DrawFn) -> NDArray[np.uint8]:
    """Draw noise, or noise that was smoothed; uint8 (h, w, 3)."""
    height, width = draw(st.integers(8, 90)), draw(st.integers(8, 90))
    noise = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).integers(0, 256, (height, width, 3), np.uint8)
    return noise if draw(st.booleans()) else cv2.GaussianBlur(noise, (5, 5), 0).astype(np.uint8)


@st.composite
def crops(draw: st.DrawFn) -> CropGeometry:
    """Draw a crop of any scale, angle and place, also partly or wholly outside the frame."""
    scale, angle = draw(st.floats(0.2, 4.0)), draw(st.floats(-3.2, 3.2))
    a, b = scale * np.cos(angle), scale * np.sin(angle)
    x, y = draw(st.floats(-40, 90)), draw(st.floats(-40, 90))
    return CropGeometry.from_matrix(np.array([[a, -b, x], [b, a, y]]))


@st.composite
def views(draw: st.DrawFn, squeeze: Squeeze | None = None) -> ViewSpec:
    """Draw a placement, up to three occlusions, and a squeezer unless one is given."""

    def region() -> Region:
        x, y = draw(st.integers(0, 39)), draw(st.integers(0, 39))
        return Region(x / 40, y / 40, draw(st.integers(1, 40 - x)) / 40, draw(st.integers(1, 40 - y)) / 40)

    return ViewSpec(
        name="drawn",
        inner=region(),
        occlusions=tuple(region() for _ in range(draw(st.integers(0, 3)))),
        squeeze=squeeze or draw(st.sampled_from(Squeeze)),
        fill=draw(st.integers(0, 255)),
    )
