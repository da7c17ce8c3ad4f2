"""A differentiable twin of ``engines.render.spec``: frames, crop matrices and views become normalized crops.

What has no useful derivative is exact on the way forward and is replaced on the way back by a smooth neighbor
(backward pass differentiable approximation, BPDA; Athalye, Carlini and Wagner, ICML 2018): rounding and BITS4 by the
identity, MEDIAN3 by the mean of the same nine pixels. The filter of GAUSS5 is linear and keeps its own gradient.
Coordinates and weights are no fixed point here: that is within two levels of the gate in a smooth picture, and within
ten in pure noise (tests/contract/test_renderer.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from engines.render.reference import BINOMIAL5
from engines.render.spec import ChannelOrder, CropGeometry, InputSpec, Squeeze, ViewSpec

Place = tuple[int, int, int, int]
Views = Sequence[ViewSpec] | Sequence[Sequence[ViewSpec]]


class RendererTwin:
    """Renders the same views as the gate's renderer, for a batch of frames, with gradients to frames and matrices.

    Views that place the crop alike share one sampling of their frame.

    Args:
        is_exact: False leaves the smooth neighbors in the forward pass too, so that what is computed is what is
            derived.
    """

    def __init__(self, *, is_exact: bool = True) -> None:
        self._is_exact = is_exact

    def render(self, frames: Tensor, matrices: Tensor, views: Views, spec: InputSpec) -> Tensor:
        """Return normalized pictures (n, v, 3, side, side), contiguous, in the frames' type and the model's order.

        Args:
            frames: float (n, 3, height, width), BGR planes, 0..255, whole numbers or not.
            matrices: float (n, 2, 3): output pixels to frame pixels, as ``CropGeometry.matrix``. The decimation
                follows from them as ``CropGeometry.from_matrix`` says, and is constant on the way back.
            views: one list for all frames, or a list of the same length for each.
            spec: side, channel order and normalization of the model's input.

        Raises:
            ValueError: shapes or numbers do not fit each other, there is no view, or a matrix is not invertible.
        """
        lists = _view_lists(frames, matrices, views)
        planes = frames.flip(1) if spec.order is ChannelOrder.RGB else frames
        plan = _Plan(lists, spec.side)
        samples = self._samples(planes, matrices, plan, spec.side)
        parts = [self._group(samples, group, plan, spec.side) for group in plan.groups]
        order = [slot for group in plan.groups for slot in group.slots]
        pictures = _in_order(torch.cat(parts) if len(parts) > 1 else parts[0], order)
        return ((pictures - spec.mean) * spec.scale).unflatten(0, (len(lists), -1)).contiguous()

    def _samples(self, planes: Tensor, matrices: Tensor, plan: "_Plan", side: int) -> Tensor:
        """Return every placed crop of every frame, rounded: (n * places, 3, side, side) (steps 1 and 2)."""
        decimations = [CropGeometry.from_matrix(m).decimation for m in matrices.detach().double().cpu().numpy()]
        parts, order = [], []
        for n in sorted(set(decimations)):
            chosen = [i for i, decimation in enumerate(decimations) if decimation == n]
            is_all = len(chosen) == len(decimations)
            level = self._level(planes if is_all else planes[chosen], n)
            grid = _grid(matrices[chosen], [plan.places[i] for i in chosen], n, level, side)
            sampled = functional.grid_sample(level, grid.flatten(1, 2), padding_mode="zeros", align_corners=False)
            parts.append(sampled.unflatten(2, (-1, side)).transpose(1, 2))
            order += chosen
        samples = _in_order(torch.cat(parts) if len(parts) > 1 else parts[0], order).flatten(0, 1)
        return self._instead(samples, rounded(samples))

    def _level(self, planes: Tensor, n: int) -> Tensor:
        """Return the rounded n x n block mean; black where not even one block fits (step 2)."""
        if n == 1:
            return planes
        if min(planes.shape[2:]) < n:
            return planes.new_zeros((len(planes), 3, 1, 1))
        means = functional.avg_pool2d(planes, n)
        return self._instead(means, rounded(means))

    def _group(self, samples: Tensor, group: "_Group", plan: "_Plan", side: int) -> Tensor:
        """Return the occluded and squeezed pictures of views that are placed and squeezed alike (steps 3 and 4)."""
        views = [plan.views[slot] for slot in group.slots]
        pictures = _rows(samples, [plan.sample_of[slot] for slot in group.slots])
        if any(_kept(view, side) is not None for view in views):
            whole = torch.ones(1, side, side, dtype=torch.bool)
            kept = torch.stack([whole if (k := _kept(view, side)) is None else k for view in views])
            fills = pictures.new_tensor([view.fill for view in views])[:, None, None, None]
            pictures = torch.where(kept.to(pictures.device), pictures, fills)
        if group.squeeze is Squeeze.NONE:
            return pictures
        x, y, width, height = group.place
        if (width, height) == (side, side):
            return self._squeezed(pictures, group.squeeze)
        inner = self._squeezed(pictures[..., y : y + height, x : x + width], group.squeeze)
        pictures = pictures.clone()
        pictures[..., y : y + height, x : x + width] = inner
        return pictures

    def _squeezed(self, inner: Tensor, squeeze: Squeeze) -> Tensor:
        match squeeze:
            case Squeeze.BITS4:
                return self._instead(inner, torch.floor((inner.detach() * 30 + 255) / 510) * 17)
            case Squeeze.MEDIAN3:
                padded = functional.pad(inner, (1, 1, 1, 1), mode="replicate")
                return self._instead(functional.avg_pool2d(padded, 3, stride=1), _median3(padded.detach()))
            case Squeeze.GAUSS5:
                blurred = _blurred(inner)
                return self._instead(blurred, rounded(blurred))
            case Squeeze.NONE:
                return inner

    def _instead(self, smooth: Tensor, exact: Tensor) -> Tensor:
        """Return ``exact`` with the gradient of ``smooth``."""
        return straight_through(smooth, exact) if self._is_exact else smooth


def straight_through(smooth: Tensor, exact: Tensor) -> Tensor:
    """Return ``exact``, of the same shape, with the gradient of ``smooth`` (BPDA, Athalye et al., ICML 2018)."""
    value: Tensor = _StraightThrough.apply(smooth, exact.detach()) if smooth.requires_grad else exact
    return value


def rounded(values: Tensor) -> Tensor:
    """Return values rounded half up, without a gradient."""
    return torch.floor(values.detach() + 0.5)


class _StraightThrough(torch.autograd.Function):  # type: ignore[misc]  # torch is untyped here
    @staticmethod
    def forward(ctx: Any, smooth: Tensor, exact: Tensor) -> Tensor:
        del ctx, smooth
        return exact.view_as(exact)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        del ctx
        return gradients[0], None


@dataclass(frozen=True, slots=True)
class _Group:
    """Slots (frame * views + view) that are squeezed alike, and placed alike where the squeezer has to know."""

    squeeze: Squeeze
    place: Place
    slots: list[int]


class _Plan:
    """Which placed crops each frame has to be sampled for, and which views are made of which."""

    def __init__(self, lists: Sequence[Sequence[ViewSpec]], side: int) -> None:
        own = [list(dict.fromkeys(view.inner.to_px(side) for view in views)) for views in lists]
        most = max(map(len, own))
        self.views = [view for views in lists for view in views]
        self.places = [places + places[:1] * (most - len(places)) for places in own]
        self.sample_of: list[int] = []
        slots: dict[tuple[Squeeze, Place], list[int]] = {}
        for slot, view in enumerate(self.views):
            frame, place = slot // len(lists[0]), view.inner.to_px(side)
            self.sample_of.append(frame * most + own[frame].index(place))
            key = (0, 0, side, side) if view.squeeze is Squeeze.NONE else place
            slots.setdefault((view.squeeze, key), []).append(slot)
        self.groups = [_Group(squeeze, place, members) for (squeeze, place), members in slots.items()]


def _view_lists(frames: Tensor, matrices: Tensor, views: Views) -> list[Sequence[ViewSpec]]:
    if frames.ndim != 4 or frames.shape[1] != 3 or frames.numel() == 0 or not frames.is_floating_point():
        raise ValueError(f"frames must be float (n, 3, height, width) and not empty, got {tuple(frames.shape)}")
    if tuple(matrices.shape) != (len(frames), 2, 3):
        raise ValueError(f"{len(frames)} frames need matrices ({len(frames)}, 2, 3), got {tuple(matrices.shape)}")
    shared = [view for view in views if isinstance(view, ViewSpec)]
    own: list[Sequence[ViewSpec]] = [view for view in views if not isinstance(view, ViewSpec)]
    lists = own or [shared] * len(frames)
    is_mixed = bool(own and shared)
    if is_mixed or len(lists) != len(frames) or len({len(each) for each in lists}) != 1 or not lists[0]:
        raise ValueError(f"{len(frames)} frames need one list of views, or a list of the same length for each")
    return lists


@lru_cache(maxsize=512)
def _coordinates(first: int, count: int, side: int) -> Tensor:
    """Return the crop coordinate of every output pixel, 0..side-1, in float64 (step 1)."""
    u = torch.arange(side, dtype=torch.float64)
    return (u - first + 0.5) * side / count - 0.5


@lru_cache(maxsize=512)
def _kept(view: ViewSpec, side: int) -> Tensor | None:
    """Return where the crop is to be seen, bool (1, side, side); None = everywhere."""
    x, y, width, height = view.inner.to_px(side)
    kept = torch.zeros(side, side, dtype=torch.bool)
    kept[y : y + height, x : x + width] = True
    across = (_coordinates(x, width, side) + 0.5) / side
    down = (_coordinates(y, height, side) + 0.5) / side
    for hole in view.occlusions:
        columns = (across >= hole.x) & (across < hole.x + hole.width)
        rows = (down >= hole.y) & (down < hole.y + hole.height)
        kept &= ~(rows[:, None] & columns)
    return None if bool(kept.all()) else kept[None]


def _grid(matrices: Tensor, places: Sequence[Sequence[Place]], n: int, level: Tensor, side: int) -> Tensor:
    """Return where each output pixel of each place lies in ``level``, for ``grid_sample``: (k, places, s, s, 2).

    The level coordinate (c + 0.5) / n - 0.5 and the scaling of ``grid_sample`` to -1..1 are folded into the matrix.
    """
    height, width = level.shape[2:]
    factors = torch.tensor([2 / (n * width), 2 / (n * height)], dtype=torch.float64, device=level.device)
    folded = matrices.to(torch.float64) * factors[:, None]
    shift = folded[..., 2] + factors / 2 - 1
    across = torch.stack([torch.stack([_coordinates(x, w, side) for x, _, w, _ in row]) for row in places])
    down = torch.stack([torch.stack([_coordinates(y, h, side) for _, y, _, h in row]) for row in places])
    by_column = across.to(level.device)[..., None] * folded[:, None, None, :, 0]
    by_row = down.to(level.device)[..., None] * folded[:, None, None, :, 1] + shift[:, None, None]
    return by_column.to(level.dtype)[:, :, None] + by_row.to(level.dtype)[:, :, :, None]


def _in_order(parts: Tensor, order: list[int]) -> Tensor:
    """Return ``parts`` such that its i-th row comes to place ``order[i]``."""
    if order == list(range(len(order))):
        return parts
    return _rows(parts, sorted(range(len(order)), key=order.__getitem__))


def _rows(parts: Tensor, rows: list[int]) -> Tensor:
    return parts.index_select(0, torch.tensor(rows, device=parts.device))


def _median3(padded: Tensor) -> Tensor:
    """Return the median of each 3 x 3 neighborhood of (..., h + 2, w + 2).

    Of sorted columns of three, the median of the nine is the median of the largest low, the middle of the middles and
    the smallest high (Smith, "Implementing median filters in XC4000E FPGAs", Xcell 23, 1996).
    """
    low, middle, high = _sorted3(padded[..., :-2, :], padded[..., 1:-1, :], padded[..., 2:, :])
    lows = torch.maximum(torch.maximum(low[..., :-2], low[..., 1:-1]), low[..., 2:])
    middles = _sorted3(middle[..., :-2], middle[..., 1:-1], middle[..., 2:])[1]
    highs = torch.minimum(torch.minimum(high[..., :-2], high[..., 1:-1]), high[..., 2:])
    return _sorted3(lows, middles, highs)[1]


def _sorted3(a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    low, high = torch.minimum(a, b), torch.maximum(a, b)
    upper = torch.maximum(low, c)
    return torch.minimum(low, c), torch.minimum(upper, high), torch.maximum(high, c)


def _blurred(inner: Tensor) -> Tensor:
    """Return the binomial blur, 5 taps both ways, not rounded; sums of whole numbers are exact."""
    padded = functional.pad(inner, (2, 2, 2, 2), mode="replicate")
    height, width = inner.shape[-2:]
    rows = sum(weight * padded[..., i : i + height, :] for i, weight in enumerate(BINOMIAL5))
    blurred: Tensor = sum(weight * rows[..., i : i + width] for i, weight in enumerate(BINOMIAL5)) / 256
    return blurred
