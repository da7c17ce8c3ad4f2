"""What lies inside a mask cannot reach the copy without it: a condition of the certificate, pixel by pixel."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.domain.certificate import Mask
from edge.vision.occlusion import DILATION_PX, Painter, is_within_dilation, paint, spread_px, views_of
from engines.render.base import Renderer
from engines.render.cpu import CPURenderer
from engines.render.reference import ReferenceRenderer
from engines.render.spec import ChannelOrder, CropGeometry, InputSpec, Squeeze, ViewSpec

Pixels = NDArray[np.uint8]
RENDERERS: dict[str, Renderer] = {"reference": ReferenceRenderer(), "cpu": CPURenderer()}
SIDE_PX = 112
SPEC = InputSpec(SIDE_PX, ChannelOrder.RGB, 127.5, 1 / 128)
FRAME = (150, 170)


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    top, left = draw(st.integers(0, 70)), draw(st.sampled_from([0, 13]))
    height, width = draw(st.integers(20, 112 - top)), draw(st.integers(40, 112 - left))
    place = (value / SIDE_PX for value in (left, top, width, height))
    x, y, w, h = place
    return Mask(name="m", group="g", x=x, y=y, width=w, height=h, fill=draw(st.sampled_from([0, 127])))


@st.composite
def crops(draw: st.DrawFn, least: float = 0.8, most: float = 4.5) -> CropGeometry:
    """Return similarities, as alignment gives them, that put the crop's middle somewhere on the frame."""
    scale, angle = draw(st.floats(least, most)), draw(st.floats(-math.pi, math.pi))
    turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    middle = np.array([draw(st.floats(20, 150)), draw(st.floats(20, 130))])
    shift = middle - turn @ [SIDE_PX / 2, SIDE_PX / 2]
    return CropGeometry.from_matrix(np.hstack([turn, shift[:, np.newaxis]]))


def hidden(crop: CropGeometry, mask: Mask, margin_px: float) -> NDArray[np.bool_]:
    """Return which pixels of the frame lie inside the mask as a whole, all their area, with room to spare."""
    inverse = np.linalg.inv(np.vstack([crop.matrix, [0, 0, 1]]))
    y, x = np.mgrid[: FRAME[0], : FRAME[1]].astype(float)
    inside = np.ones(FRAME, bool)
    for dx in (-0.5, 0.5):
        for dy in (-0.5, 0.5):
            u = inverse[0, 0] * (x + dx) + inverse[0, 1] * (y + dy) + inverse[0, 2] + 0.5
            v = inverse[1, 0] * (x + dx) + inverse[1, 1] * (y + dy) + inverse[1, 2] + 0.5
            left, top = mask.x * SIDE_PX + margin_px, mask.y * SIDE_PX + margin_px
            right, bottom = (mask.x + mask.width) * SIDE_PX - margin_px, (mask.y + mask.height) * SIDE_PX - margin_px
            inside &= (u >= left) & (u <= right) & (v >= top) & (v <= bottom)
    return inside


def noise(seed: int) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (*FRAME, 3), np.uint8)


def patched(frame: Pixels, where: NDArray[np.bool_], seed: int) -> Pixels:
    changed = frame.copy()
    changed[where] = noise(seed)[where]
    return changed


def rendered(renderer: Renderer, pixels: Pixels, crop: CropGeometry, view: ViewSpec) -> NDArray[np.float32]:
    out = np.full((1, 3, SIDE_PX, SIDE_PX), np.nan, np.float32)
    renderer.render(pixels, crop, (view,), SPEC, out)
    return out


@pytest.mark.parametrize("name", RENDERERS)
@settings(max_examples=25, deadline=None)
@given(crop=crops(), mask=masks(), seed=st.integers(0, 1000), squeeze=st.sampled_from(Squeeze))
def test_a_patch_inside_the_dilated_mask_changes_no_number_of_the_copy(
    name: str, crop: CropGeometry, mask: Mask, seed: int, squeeze: Squeeze
) -> None:
    """Masks come before every filter: a squeezer after them sees gray alone."""
    assert is_within_dilation(crop)
    (view,) = views_of([mask])
    view = ViewSpec(name="v", occlusions=view.occlusions, fill=view.fill, squeeze=squeeze)
    frame = noise(seed)
    attacked = patched(frame, hidden(crop, mask, DILATION_PX), seed + 1)
    renderer = RENDERERS[name]
    np.testing.assert_array_equal(
        rendered(renderer, attacked, crop, view), rendered(renderer, frame, crop, view), strict=True
    )


@settings(max_examples=25, deadline=None)
@given(crop=crops(), mask=masks(), seed=st.integers(0, 1000))
def test_not_through_a_picture_of_shared_colors_either(crop: CropGeometry, mask: Mask, seed: int) -> None:
    """4:2:0: one color among 2 x 2 pixels, as a camera or a codec delivers it."""

    def delivered(pixels: Pixels) -> Pixels:
        packed = cv2.cvtColor(pixels, cv2.COLOR_BGR2YUV_I420)
        return cv2.cvtColor(packed, cv2.COLOR_YUV2BGR_I420).astype(np.uint8)

    (view,) = views_of([mask])
    frame = noise(seed)
    attacked = patched(frame, hidden(crop, mask, DILATION_PX), seed + 1)
    first, second = (rendered(RENDERERS["cpu"], delivered(p), crop, view) for p in (frame, attacked))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", RENDERERS)
def test_without_room_to_spare_a_patch_reaches_the_copy(name: str) -> None:
    """So the room is needed: the mask is painted over what was sampled, and sampling spreads."""
    crop = CropGeometry.from_matrix(np.array([[1.1, 0.1, 10.3], [-0.1, 1.1, 30.7]]))
    mask = Mask(name="m", group="g", x=0.0, y=0.3, width=1.0, height=0.4, fill=0)
    (view,) = views_of([mask])
    frame = noise(1)
    attacked = patched(frame, hidden(crop, mask, 0.0), 2)
    renderer = RENDERERS[name]
    assert (rendered(renderer, attacked, crop, view) != rendered(renderer, frame, crop, view)).any()


@given(scale=st.floats(0.1, 9.9))
def test_only_a_face_whose_pixels_are_large_reaches_too_far(scale: float) -> None:
    crop = CropGeometry.from_matrix(np.array([[scale, 0, 5.0], [0, scale, 5.0]]))
    assert spread_px(crop) > 0
    assert is_within_dilation(crop) == (scale >= (0.5 + 1 / 32 + 1) / DILATION_PX)


@settings(max_examples=40, deadline=None)
@given(crop=crops(0.3, 4.5), mask=masks(), seed=st.integers(0, 1000))
def test_a_frame_that_was_painted_holds_nothing_of_what_the_mask_hides(
    crop: CropGeometry, mask: Mask, seed: int
) -> None:
    frame = noise(seed)
    attacked = patched(frame, hidden(crop, mask, 0.0), seed + 1)
    painter = Painter()
    clean = painter.painted(frame, crop, mask, side_px=SIDE_PX).copy()
    np.testing.assert_array_equal(painter.painted(attacked, crop, mask, side_px=SIDE_PX), clean)
    assert (frame == noise(seed)).all()


@settings(max_examples=40, deadline=None)
@given(crop=crops(0.3, 4.5), mask=masks(), seed=st.integers(0, 1000))
def test_exactly_the_pixels_whose_centers_lie_in_the_mask_are_painted(
    crop: CropGeometry, mask: Mask, seed: int
) -> None:
    inverse = np.linalg.inv(np.vstack([crop.matrix, [0.0, 0.0, 1.0]]))
    y, x = np.mgrid[: FRAME[0], : FRAME[1]]
    u = (inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2] + 0.5) / SIDE_PX
    v = (inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2] + 0.5) / SIDE_PX
    inside = (u >= mask.x) & (u < mask.x + mask.width) & (v >= mask.y) & (v < mask.y + mask.height)
    frame = noise(seed)
    wanted = np.where(inside[:, :, np.newaxis], np.uint8(mask.fill), frame)
    paint(frame, crop, mask, side_px=SIDE_PX)
    np.testing.assert_array_equal(frame, wanted)


def test_a_painters_memory_is_used_again() -> None:
    crop = CropGeometry.from_matrix(np.array([[1.0, 0, 5], [0, 1.0, 5]]))
    mask = Mask(name="m", group="g", x=0.0, y=0.3, width=1.0, height=0.4, fill=0)
    painter = Painter()
    large = painter.painted(noise(1), crop, mask, side_px=SIDE_PX)
    small = painter.painted(noise(2)[:90, :80].copy(), crop, mask, side_px=SIDE_PX)
    assert np.shares_memory(large, small)
