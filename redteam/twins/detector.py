"""A differentiable twin of the served face detector: frames in, each face's box, landmarks and score out.

The gate's path is ``edge.vision.letterbox``, the YuNet graph, ``edge.vision.yunet`` and ``edge.vision.detect``. The
twin looks once: the gate's second look, at half the size, is for faces that fill the frame.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from edge.vision.letterbox import MOST_ENLARGED
from edge.vision.yunet import STRIDES
from redteam.twins.graph import GraphTwin
from redteam.twins.renderer import rounded, straight_through

_LEAST_OVERLAP = 0.3  # with the clean face: the share from which the gate too takes two boxes for one face
_MARGIN_PX = 3 * STRIDES[-1]  # of the input's empty part: what lies farther off is not felt within the picture
_LARGEST_LOG_SIZE = 10.0  # as in the gate's decoder: keeps exp() finite
_LARGEST_SHARE = 2.0
_LEAST_PRODUCT = 1e-12  # keeps the root's slope finite where a cell sees nothing


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """One face a frame, in frame pixels, with gradients to the frame.

    Attributes:
        boxes: float (n, 4): x, y, width, height.
        landmarks: float (n, 5, 2), from pixel centers: right eye, left eye, nose tip, right and left mouth corner.
        scores: float (n,), 0..1.
    """

    boxes: Tensor
    landmarks: Tensor
    scores: Tensor


class DetectorTwin:
    """YuNet at the input size that the gate serves.

    Args:
        onnx_file: the converted fp32 model.
        width: of the detector's input, pixels.
        height: of the detector's input, pixels.

    Raises:
        ValueError: the sides are not positive multiples of 32, or the graph holds an unknown operator.
    """

    def __init__(self, onnx_file: Path, *, width: int, height: int) -> None:
        if min(width, height) <= 0 or width % STRIDES[-1] or height % STRIDES[-1]:
            raise ValueError(f"YuNet takes sides that are multiples of {STRIDES[-1]}, got {width} x {height}")
        self._width, self._height = width, height
        self._graph = GraphTwin(onnx_file)

    def look(self, frames: Tensor, near: NDArray[Any] | Tensor) -> Sightings:
        """Return each frame's best-scored face about where it is wanted.

        Args:
            frames: float (n, 3, height, width), BGR planes, 0..255. Before they are resized they are rounded, as a
                camera's frames are.
            near: (n, 4): the clean face's box in frame pixels. Of the cells whose box overlaps it by an intersection
                over union of 0.3 or more the best-scored one is taken, and the best of all where none does. No score
                is too low, so that an attack on the detector itself keeps its gradient.

        Raises:
            ValueError: shapes do not fit each other.
        """
        wanted = torch.as_tensor(near, dtype=frames.dtype, device=frames.device)
        if frames.ndim != 4 or frames.shape[1] != 3 or tuple(wanted.shape) != (len(frames), 4):
            raise ValueError(
                f"frames (n, 3, h, w) need boxes (n, 4), got {tuple(frames.shape)}, {tuple(wanted.shape)}"
            )
        canvas, scale = self._letterboxed(frames)
        values = _joined(self._graph(canvas))
        grid = _grid(*canvas.shape[2:]).to(frames)
        best = self._best(_in_frame(_decoded(values.detach(), grid), scale), scale, wanted)
        return _in_frame(_decoded(values[torch.arange(len(frames)), best], grid[best]), scale)

    def _letterboxed(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return the part of the input that matters, as ``Letterbox`` draws it, and the scales across and down."""
        height, width = frames.shape[2:]
        scale = min(MOST_ENLARGED, self._width / width, self._height / height)
        w = max(1, min(self._width, round(width * scale)))
        h = max(1, min(self._height, round(height * scale)))
        if (w, h) != (width, height):
            frames = _resized(frames, w, h)
        right, below = _needed(w, self._width) - w, _needed(h, self._height) - h
        return functional.pad(frames, (0, right, 0, below)), frames.new_tensor([w / width, h / height])

    def _best(self, found: Sightings, scale: Tensor, wanted: Tensor) -> Tensor:
        """Return the index of each frame's cell, (n,)."""
        longest = _LARGEST_SHARE * max(self._width, self._height)
        sizes = found.boxes[..., 2:]
        is_face = ((sizes > 0) & (sizes * scale <= longest)).all(dim=-1)
        is_near = _overlap(found.boxes, wanted[:, None]) >= _LEAST_OVERLAP
        return (found.scores + 2 * (is_near & is_face) + 4 * is_face).argmax(dim=1)


def _resized(frames: Tensor, width: int, height: int) -> Tensor:
    """Return frames as OpenCV resizes them once they are uint8, with the gradient of the exact interpolation."""
    if width < frames.shape[3]:
        across, down = _area_shares(frames.shape[3], width), _area_shares(frames.shape[2], height)
        smooth = down.to(frames) @ (frames @ across.to(frames).T)
    else:
        smooth = functional.interpolate(frames, size=(height, width), mode="bilinear", align_corners=False)
    return straight_through(smooth, _served(rounded(frames), width, height).to(frames))


def _served(frames: Tensor, width: int, height: int) -> Tensor:
    """Return whole-numbered frames resized by the gate's own means.

    OpenCV interpolates in fixed point. Where two cells score alike, that one level decides which of them is a face.
    """
    way = cv2.INTER_AREA if width < frames.shape[3] else cv2.INTER_LINEAR
    pictures = frames.clamp(0, 255).byte().permute(0, 2, 3, 1).contiguous().cpu().numpy()
    resized = np.stack([cv2.resize(picture, (width, height), interpolation=way) for picture in pictures])
    return torch.from_numpy(resized).permute(0, 3, 1, 2)


@lru_cache(maxsize=16)
def _area_shares(count: int, fewer: int) -> Tensor:
    """Return which share each of ``count`` pixels has in each of ``fewer``: (fewer, count), rows add up to 1."""
    step = count / fewer
    starts = torch.arange(fewer, dtype=torch.float64)[:, None] * step
    pixels = torch.arange(count, dtype=torch.float64)
    return (torch.minimum(starts + step, pixels + 1) - torch.maximum(starts, pixels)).clamp_min(0) / step


def _needed(drawn: int, whole: int) -> int:
    return min(whole, -(-drawn // STRIDES[-1]) * STRIDES[-1] + _MARGIN_PX)


def _joined(outputs: Mapping[str, Tensor]) -> Tensor:
    """Return all cells of the three grids, (n, cells, 16): cls, obj, bbox and kps."""
    return torch.cat(
        [torch.cat([outputs[f"{kind}_{s}"] for kind in ("cls", "obj", "bbox", "kps")], dim=2) for s in STRIDES], dim=1
    )


@lru_cache(maxsize=16)
def _grid(height: int, width: int) -> Tensor:
    """Return each cell's stride, column and row: (cells, 3), in the order of ``_joined``."""
    grids = []
    for stride in STRIDES:
        rows, columns = torch.meshgrid(torch.arange(height // stride), torch.arange(width // stride), indexing="ij")
        grids.append(torch.stack([torch.full_like(rows, stride), columns, rows], dim=2).flatten(0, 1))
    return torch.cat(grids)


def _decoded(values: Tensor, grid: Tensor) -> Sightings:
    """Return the faces of cells (..., 16) and their (..., 3) places, in input pixels, as ``YuNetDecoder`` does."""
    strides, cells = grid[..., :1], grid[..., 1:]
    scores = values[..., :2].clamp(0, 1).prod(dim=-1).clamp_min(_LEAST_PRODUCT).sqrt()
    sizes = values[..., 4:6].clamp_max(_LARGEST_LOG_SIZE).exp() * strides
    boxes = torch.cat([(cells + values[..., 2:4]) * strides - sizes / 2, sizes], dim=-1)
    landmarks = (cells[..., None, :] + values[..., 6:].unflatten(-1, (5, 2))) * strides[..., None]
    return Sightings(boxes, landmarks, scores)


def _in_frame(found: Sightings, scale: Tensor) -> Sightings:
    """Return input pixels as frame pixels; landmarks are mapped from pixel center to pixel center."""
    if bool((scale == 1).all()):
        return found
    return Sightings(found.boxes / scale.repeat(2), (found.landmarks + 0.5) / scale - 0.5, found.scores)


def _overlap(boxes: Tensor, others: Tensor) -> Tensor:
    """Return the intersection over union, of shapes that broadcast, (..., 4) each."""
    ends = torch.minimum(boxes[..., :2] + boxes[..., 2:], others[..., :2] + others[..., 2:])
    shared = (ends - torch.maximum(boxes[..., :2], others[..., :2])).clamp_min(0).prod(dim=-1)
    return shared / (boxes[..., 2:].prod(dim=-1) + others[..., 2:].prod(dim=-1) - shared).clamp_min(_LEAST_PRODUCT)
