"""Frames, crops and views drawn from a seed, so that a bare machine needs no other library for them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.render.spec import ChannelOrder, CropGeometry, InputSpec, Region, Squeeze, ViewSpec

_SIDES = (16, 33, 64, 112, 160)
_LEVELS = ((0.0, 1.0), (127.5, 1 / 128))


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One rendering.

    Attributes:
        pixels: uint8, BGR (h, w, 3) or NV12 (h * 3 / 2, w).
        crop: where the crop lies.
        views: what to make of it.
        spec: how the model is fed.
    """

    pixels: NDArray[np.uint8]
    crop: CropGeometry
    views: tuple[ViewSpec, ...]
    spec: InputSpec


def cases(count: int, *, seed: int, is_nv12: bool = False) -> Iterator[Case]:
    """Give ``count`` cases: any frame size, rotation, scale, placement, occlusion and squeezer."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        mean, scale = _LEVELS[rng.integers(len(_LEVELS))]
        order = ChannelOrder.RGB if rng.integers(2) else ChannelOrder.BGR
        spec = InputSpec(int(rng.choice(_SIDES)), order, mean, scale)
        yield Case(
            pixels=_nv12(rng) if is_nv12 else _bgr(rng),
            crop=_crop(rng),
            views=tuple(view for n in range(rng.integers(1, 9)) if (view := _view(rng, n, spec.side)) is not None)
            or (ViewSpec(name="plain"),),
            spec=spec,
        )


def _bgr(rng: np.random.Generator) -> NDArray[np.uint8]:
    height, width = rng.integers(1, 300, 2)
    return rng.integers(0, 256, (height, width, 3), np.uint8)


def _nv12(rng: np.random.Generator) -> NDArray[np.uint8]:
    height, width = 2 * rng.integers(1, 150, 2)
    return rng.integers(0, 256, (height * 3 // 2, width), np.uint8)


def _crop(rng: np.random.Generator) -> CropGeometry:
    scale, angle = rng.uniform(0.1, 5.0), rng.uniform(-np.pi, np.pi)
    a, b = scale * np.cos(angle), scale * np.sin(angle)
    x, y = rng.uniform(-150, 300, 2)
    return CropGeometry.from_matrix(np.array([[a, -b, x], [b, a, y]]))


def _view(rng: np.random.Generator, number: int, side: int) -> ViewSpec | None:
    inner = _region(rng) if rng.integers(2) else Region(0.0, 0.0, 1.0, 1.0)
    x, y, width, height = inner.to_px(side)
    if x + width > side or y + height > side:
        return None
    return ViewSpec(
        name=f"drawn-{number}",
        inner=inner,
        occlusions=tuple(_region(rng) for _ in range(rng.integers(0, 4))),
        squeeze=list(Squeeze)[rng.integers(len(Squeeze))],
        fill=int(rng.integers(256)),
    )


def _region(rng: np.random.Generator) -> Region:
    x, y = rng.integers(0, 40, 2)
    return Region(x / 40, y / 40, rng.integers(1, 41 - x) / 40, rng.integers(1, 41 - y) / 40)
