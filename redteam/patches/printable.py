"""A patch that a printer can make and a camera sees: expectation over what printing, wearing and filming do to it.

Athalye et al., "Synthesizing Robust Adversarial Examples", ICML 2018 (EOT); poses as in Komkov and Petiushko,
"AdvHat", ICPR 2021. At every step the painted patch is photographed anew: moved about, its colors off, blurred and
noisy; and the objective is asked about that photograph. Attacks stay as they are: they climb
:class:`PrintedObjective` inside :class:`PrintablePaint`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from edge.domain.face import Face
from edge.vision.align import template_to_frame
from redteam.attacks.base import Objective
from redteam.attacks.budget import WHITE, Painted

BLACKEST, WHITEST = 39.0, 237.0
"""Gray levels that print: of the light, a black of optical density 1.7 returns 2 % and paper 85 %, which sRGB (IEC
61966-2-1) writes as these. Colors of inks are not modeled, as AdvHat found needless."""

_HALF_SIDE_PX = 56.0  # of the aligned crop: where a perspective reaches its whole size
_BLUR_RADIUS_PX = 3
_POSES = 6
_COLORS = 5


class PrintablePaint(Painted):
    """As :class:`Painted`, but only of gray levels that print."""

    def project(self, frames: Tensor) -> Tensor:
        """Clip the patch to what prints and restore everything else."""
        return torch.where(self.masks, frames.clamp(BLACKEST, WHITEST), self.clean)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintError:
    """How far a photograph of a printed patch may be off; each is drawn evenly, either way or from 0.

    Attributes:
        rotation_degrees: about the patch's center.
        shift_px: across and down, pixels of the aligned crop.
        scale: relative.
        perspective: relative depth at half a crop from the center, across and down.
        gain: relative, of each color by itself.
        gamma: the exponent's distance from 1.
        brightness: gray levels, all colors alike.
        blur_px: largest standard deviation, frame pixels; up to 1.
        noise: standard deviation, gray levels.
    """

    rotation_degrees: float = 1.0
    shift_px: float = 1.0
    scale: float = 0.02
    perspective: float = 0.02
    gain: float = 0.1
    gamma: float = 0.15
    brightness: float = 10.0
    blur_px: float = 1.0
    noise: float = 2.0


class Photographer:
    """Prints the patches of painted frames, puts them on and films them.

    Args:
        paint: clean frames, and where their patches lie.
        faces: the clean faces, a row a frame.
        error: how far photographs are off.
        seed: of the draws.

    Raises:
        AlignmentError: a face's landmarks fit no face.
    """

    def __init__(self, paint: Painted, faces: Sequence[Face], error: PrintError, *, seed: int) -> None:
        self._paint = paint
        self._error = error
        self._generator = torch.Generator().manual_seed(seed)
        matrices = torch.stack([torch.from_numpy(template_to_frame(face.landmarks)) for face in faces])
        self._to_frame = _squared(matrices)
        self._centers = _centers(paint.masks, self._to_frame)
        self.advance()

    def advance(self) -> None:
        """Draw the next photograph of every row."""
        count = len(self._paint.clean)
        self._draws = (torch.rand((count, _POSES + _COLORS + 1), generator=self._generator) * 2 - 1).double()
        self._seeds = torch.randint(2**31, (count,), generator=self._generator).tolist()

    def photograph(self, frames: Tensor, rows: slice) -> Tensor:
        """Return photographs float32 (m, 3, h, w) of painted frames, the rows ``rows`` of all; they carry gradients.

        Off the photographed patch a frame is clean, whatever ``frames`` holds there.
        """
        masks, clean = self._paint.masks[rows].float(), self._paint.clean[rows]
        ink = self._colored(frames, rows) * masks
        layers = self._blurred(torch.cat([ink, masks], dim=1), rows)
        grid = self._grid(rows, frames.shape[2], frames.shape[3])
        ink, cover = functional.grid_sample(layers, grid, align_corners=False).split([3, 1], dim=1)
        return torch.where(cover > 0, ink + (1 - cover) * clean, clean).clamp(0.0, WHITE)

    def _colored(self, frames: Tensor, rows: slice) -> Tensor:
        """Return colors as another printer, light and sensor give them: (m, 3, h, w)."""
        draws = self._draws[rows, _POSES : _POSES + _COLORS].float()[:, :, None, None]
        gains = 1 + self._error.gain * draws[:, :3]
        gamma = 1 + self._error.gamma * draws[:, 3:4]
        brightness = self._error.brightness * draws[:, 4:5]
        light = (frames / WHITE).clamp(1e-4, 1.0) ** gamma
        noise = torch.stack([self._noise(seed, frames) for seed in self._seeds[rows]])
        return gains * WHITE * light + brightness + noise

    def _noise(self, seed: int, frames: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return self._error.noise * torch.randn(frames.shape[1:], generator=generator)

    def _blurred(self, layers: Tensor, rows: slice) -> Tensor:
        """Return layers (m, 4, h, w), each row under its own Gaussian."""
        sigmas = self._error.blur_px * (self._draws[rows, -1:].float() + 1) / 2
        offsets = torch.arange(-_BLUR_RADIUS_PX, _BLUR_RADIUS_PX + 1.0)
        lines = torch.exp(-(offsets**2) / (2 * sigmas.clamp_min(1e-3) ** 2))
        lines = (lines / lines.sum(dim=1, keepdim=True)).repeat_interleave(layers.shape[1], dim=0)[:, None]
        planes, size = layers.flatten(0, 1)[None], len(lines)
        across = functional.conv2d(planes, lines[:, :, None], padding=(0, _BLUR_RADIUS_PX), groups=size)
        down = functional.conv2d(across, lines[:, :, :, None], padding=(_BLUR_RADIUS_PX, 0), groups=size)
        return down[0].unflatten(0, (len(layers), -1))

    def _grid(self, rows: slice, height: int, width: int) -> Tensor:
        """Return where every pixel of a photograph lies in the painted frame, for ``grid_sample``: (m, h, w, 2)."""
        to_frame = self._to_frame[rows]
        move = to_frame @ self._moves(rows) @ torch.linalg.inv(to_frame)
        y, x = torch.meshgrid(torch.arange(height).double(), torch.arange(width).double(), indexing="ij")
        found = torch.einsum("nij,hwj->nhwi", move, torch.stack([x, y, torch.ones_like(x)], dim=2))
        places = found[..., :2] / found[..., 2:]
        sizes = torch.tensor([width, height], dtype=torch.float64)
        return ((2 * places + 1) / sizes - 1).float()

    def _moves(self, rows: slice) -> Tensor:
        """Return the drawn homographies of the crop about the patches' centers, float64 (m, 3, 3)."""
        error = self._error
        turn, across, down, growth, tilt_x, tilt_y = self._draws[rows, :_POSES].unbind(dim=1)
        angle, size = math.radians(error.rotation_degrees) * turn, 1 + error.scale * growth
        centers = self._centers[rows]
        move = torch.eye(3, dtype=torch.float64).repeat(len(centers), 1, 1)
        move[:, 0, 0], move[:, 0, 1] = size * angle.cos(), -size * angle.sin()
        move[:, 1, 0], move[:, 1, 1] = size * angle.sin(), size * angle.cos()
        move[:, :2, 2] = error.shift_px * torch.stack([across, down], dim=1)
        move[:, 2, 0], move[:, 2, 1] = (error.perspective / _HALF_SIDE_PX * tilt for tilt in (tilt_x, tilt_y))
        return _shifted(centers) @ move @ _shifted(-centers)


class PrintedObjective:
    """An objective asked about photographs of the printed patch, minus the patch's total variation.

    Args:
        objective: what is climbed.
        paint: the attack's budget.
        faces: the clean faces, a row a frame.
        error: how far photographs are off; None = as a home printer and a door's camera are.
        draws: photographs a step, whose mean counts; each costs a whole look of the objective.
        tv_weight: of the total variation (Mahendran and Vedaldi, CVPR 2015), here the mean absolute step between
            neighboring pixels of a patch as a share of white. Grain of all gray levels has 1/3, so at a weight of 1
            it costs a third of a model's whole cosine.
        seed: of the draws.

    Raises:
        AlignmentError: a face's landmarks fit no face.
        ValueError: there is not even one draw.
    """

    def __init__(
        self,
        objective: Objective,
        paint: Painted,
        faces: Sequence[Face],
        *,
        error: PrintError | None = None,
        draws: int = 1,
        tv_weight: float = 1.0,
        seed: int,
    ) -> None:
        if draws < 1:
            raise ValueError(f"an expectation needs a draw at least, got {draws}")
        self._objective = objective
        self._masks = paint.masks
        self._tv_weight = tv_weight
        self._photographers = [
            Photographer(paint, faces, error or PrintError(), seed=seed * draws + index) for index in range(draws)
        ]

    def gain(self, frames: Tensor, rows: slice) -> Tensor:
        """Return float32 (m,): the mean gain of this step's photographs, minus the weighted total variation."""
        gains = [self._objective.gain(each.photograph(frames, rows), rows) for each in self._photographers]
        return torch.stack(gains).mean(dim=0) - self._tv_weight * total_variation(frames, self._masks[rows])

    def advance(self) -> None:
        """Take new photographs, and let the objective draw anew."""
        for photographer in self._photographers:
            photographer.advance()
        self._objective.advance()


def total_variation(frames: Tensor, masks: Tensor) -> Tensor:
    """Return the mean absolute step between neighbors within the patch, 0..1 of white: float32 (n,).

    Args:
        frames: float (n, 3, h, w), 0..255.
        masks: bool (n, 1, h, w).
    """
    across, down = frames.diff(dim=3).abs(), frames.diff(dim=2).abs()
    beside, below = masks[..., 1:] & masks[..., :-1], masks[..., 1:, :] & masks[..., :-1, :]
    steps = (across * beside).sum(dim=(1, 2, 3)) + (down * below).sum(dim=(1, 2, 3))
    pairs = beside.sum(dim=(1, 2, 3)) + below.sum(dim=(1, 2, 3))
    return steps / (3 * WHITE * pairs.clamp_min(1))


def _squared(matrices: Tensor) -> Tensor:
    """Return (n, 2, 3) affine maps as (n, 3, 3)."""
    last = torch.tensor([0.0, 0.0, 1.0], dtype=matrices.dtype).expand(len(matrices), 1, 3)
    return torch.cat([matrices, last], dim=1)


def _shifted(by: Tensor) -> Tensor:
    """Return maps (n, 3, 3) that move points by (n, 2)."""
    return _squared(torch.cat([torch.eye(2, dtype=by.dtype).expand(len(by), 2, 2), by[:, :, None]], dim=2))


def _centers(masks: Tensor, to_frame: Tensor) -> Tensor:
    """Return the middle of every patch in its crop, float64 (n, 2); the frame's corner for an empty one."""
    spots = [mask[0].nonzero().double().mean(dim=0).flip(0).nan_to_num(0.0) for mask in masks]
    back = torch.linalg.inv(to_frame)
    return torch.einsum("nij,nj->ni", back[:, :2, :2], torch.stack(spots)) + back[:, :2, 2]
