"""The renderer for CPUs: OpenCV and numpy, no allocation of pictures once its scratch memory exists."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.render.base import Batch, Pixels, check_crop, check_render_arguments
from engines.render.sampling import CropSampler
from engines.render.spec import ChannelOrder, CropGeometry, InputSpec, Region, Squeeze, ViewSpec

_BITS4 = (((np.arange(256) * 30 + 255) // 510) * 17).astype(np.uint8)
_GAUSS5_SIGMA = 0.0  # tells OpenCV to use the binomial kernel of five taps, summed in integers


class CPURenderer:
    """Renders views on one thread. Views with the same ``inner`` share one sampling of the frame."""

    def __init__(self) -> None:
        self._sampler = CropSampler()
        self._scratch: dict[int, _Scratch] = {}

    def render(
        self, pixels: Pixels, crop: CropGeometry, views: Sequence[ViewSpec], spec: InputSpec, out: Batch
    ) -> None:
        """Render as ``Renderer.render`` says."""
        check_render_arguments(pixels, views, spec, out)
        check_crop(crop, spec.side)
        scratch = self._scratch.get(spec.side)
        if scratch is None:
            scratch = self._scratch[spec.side] = _Scratch(spec.side)
        self._sampler.look(pixels, crop, spec.side)
        sampled: list[tuple[int, int]] = []
        for picture, view in zip(out, views, strict=True):
            x, y, width, height = view.inner.to_px(spec.side)
            if (width, height) not in sampled:
                self._sampler.sample(scratch.sample(len(sampled), width, height))
                sampled.append((width, height))
            inner = scratch.sample(sampled.index((width, height)), width, height)
            inner = _squeezed(scratch.occluded(inner, view), view.squeeze, scratch)
            if (width, height) != (spec.side, spec.side):
                picture[...] = (np.float32(view.fill) - np.float32(spec.mean)) * np.float32(spec.scale)
            _normalize(inner, spec, scratch, picture[:, y : y + height, x : x + width])


class _Scratch:
    """Reused memory for pictures of one side."""

    def __init__(self, side: int) -> None:
        self._side = side
        self._samples: list[Pixels] = []
        self._painted, self._filtered = np.empty((2, side * side * 3), np.uint8)
        self._planes = np.empty((3, side * side), np.uint8)
        self._centers: dict[int, NDArray[np.float64]] = {}

    def sample(self, index: int, width: int, height: int) -> Pixels:
        if index == len(self._samples):
            self._samples.append(np.empty(self._side * self._side * 3, np.uint8))
        return self._samples[index][: height * width * 3].reshape(height, width, 3)

    def filtered(self, like: Pixels) -> Pixels:
        return self._filtered[: like.size].reshape(like.shape)

    def planes(self, height: int, width: int) -> Pixels:
        return self._planes[:, : height * width].reshape(3, height, width)

    def occluded(self, inner: Pixels, view: ViewSpec) -> Pixels:
        """Return ``inner``, or a painted copy of it when the view occludes anything (step 3)."""
        if not view.occlusions:
            return inner
        painted = self._painted[: inner.size].reshape(inner.shape)
        np.copyto(painted, inner)
        height, width = inner.shape[:2]
        for hole in view.occlusions:
            rows, columns = self._hidden(hole, width, height)
            painted[rows, columns] = view.fill
        return painted

    def _hidden(self, hole: Region, width: int, height: int) -> tuple[slice, slice]:
        left, right = np.searchsorted(self._crop_fractions(width), (hole.x, hole.x + hole.width))
        top, bottom = np.searchsorted(self._crop_fractions(height), (hole.y, hole.y + hole.height))
        return slice(int(top), int(bottom)), slice(int(left), int(right))

    def _crop_fractions(self, count: int) -> NDArray[np.float64]:
        """Return where in the crop each of ``count`` inner pixels lies, 0..1, in the definition's own arithmetic."""
        fractions = self._centers.get(count)
        if fractions is None:
            coordinates = (np.arange(count, dtype=np.float64) + 0.5) * self._side / count - 0.5
            fractions = self._centers[count] = (coordinates + 0.5) / self._side
        return fractions


def _squeezed(inner: Pixels, squeeze: Squeeze, scratch: _Scratch) -> Pixels:
    match squeeze:
        case Squeeze.NONE:
            return inner
        case Squeeze.BITS4:
            cv2.LUT(inner, _BITS4, dst=scratch.filtered(inner))
        case Squeeze.MEDIAN3:
            cv2.medianBlur(inner, 3, dst=scratch.filtered(inner))  # its border replicates, as defined
        case Squeeze.GAUSS5:
            cv2.GaussianBlur(
                inner, (5, 5), _GAUSS5_SIGMA, dst=scratch.filtered(inner), borderType=cv2.BORDER_REPLICATE
            )
    return scratch.filtered(inner)


def _normalize(inner: Pixels, spec: InputSpec, scratch: _Scratch, out: Batch) -> None:
    planes = scratch.planes(*inner.shape[:2])
    cv2.split(inner, list(planes))
    # Converted first: numpy is quick at converting and quick at arithmetic, but not at both in one.
    np.copyto(out, planes[::-1] if spec.order is ChannelOrder.RGB else planes)
    if spec.mean != 0:
        np.subtract(out, np.float32(spec.mean), out=out)
    if spec.scale != 1:
        np.multiply(out, np.float32(spec.scale), out=out)
