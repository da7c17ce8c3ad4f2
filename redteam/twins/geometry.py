"""Differentiable twins of ``edge.vision.align``: boxes and landmarks to crops and poses, a batch at a time."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from edge.vision.align import ARCFACE_TEMPLATE
from engines.catalog import CropRecipe

_BOX_SIDE_PX = 160
_BOX_SCALE = 1.25
_ALIGNED_SIDE_PX = 112
_LEAST_SQUARE = 1e-12  # keeps landmarks that all coincide from a division by zero; the gate refuses them


def matrices(recipe: str, boxes: Tensor, landmarks: Tensor) -> Tensor:
    """Return the crop matrices of a recipe, float (n, 2, 3): crop pixels to frame pixels, from pixel centers.

    Args:
        recipe: a value of ``CropRecipe``.
        boxes: float (n, 4): x, y, width, height in frame pixels.
        landmarks: float (n, 5, 2), frame pixels, in YuNet's order.

    Raises:
        ValueError: no such recipe.
    """
    if recipe == CropRecipe.BOX_125:
        return box_matrices(boxes)
    if recipe == CropRecipe.ALIGN_112:
        return landmark_matrices(landmarks)
    raise ValueError(f"no crop recipe is called {recipe!r}")


def box_matrices(boxes: Tensor) -> Tensor:
    """Return (n, 2, 3) of recipe ``box-1.25`` for boxes (n, 4): enlarged about the center, stretched to 160 x 160."""
    steps = boxes[:, 2:] * (_BOX_SCALE / _BOX_SIDE_PX)
    starts = boxes[:, :2] + boxes[:, 2:] * ((1 - _BOX_SCALE) / 2) + steps / 2 - 0.5
    return torch.cat([torch.diag_embed(steps), starts[:, :, None]], dim=2)


def landmark_matrices(landmarks: Tensor) -> Tensor:
    """Return (n, 2, 3) of recipe ``align-112`` for landmarks (n, 5, 2).

    The similarity of least squares from the landmarks to the ArcFace template, inverted; see
    ``edge.vision.align.template_to_frame``. Landmarks that the gate refuses as no face give a matrix all the same.
    """
    template = landmarks.new_tensor(ARCFACE_TEMPLATE.tolist())
    center = template.mean(dim=0)
    (u, v), means = (template - center).unbind(dim=1), landmarks.mean(dim=1)
    x, y = (landmarks - means[:, None]).unbind(dim=2)
    spread = (x * x + y * y).sum(dim=1)
    real, imaginary = (x * u + y * v).sum(dim=1), (x * v - y * u).sum(dim=1)
    factor = spread / (real * real + imaginary * imaginary).clamp_min(_LEAST_SQUARE)
    a, b = factor * real, -factor * imaginary
    linear = torch.stack([torch.stack([a, -b], dim=1), torch.stack([b, a], dim=1)], dim=1)
    return torch.cat([linear, (means - linear @ center)[:, :, None]], dim=2)


def landmark_likeness(landmarks: Tensor) -> Tensor:
    """Return how much landmarks (n, 5, 2) resemble the template, float (n,), 0..1, whatever their pose.

    As ``edge.vision.align.template_to_frame`` has it, which refuses those below one half.
    """
    template = landmarks.new_tensor(ARCFACE_TEMPLATE.tolist())
    (u, v), means = (template - template.mean(dim=0)).unbind(dim=1), landmarks.mean(dim=1)
    x, y = (landmarks - means[:, None]).unbind(dim=2)
    real, imaginary = (x * u + y * v).sum(dim=1), (x * v - y * u).sum(dim=1)
    spreads = (x * x + y * y).sum(dim=1) * (u * u + v * v).sum()
    return ((real * real + imaginary * imaginary) / spreads.clamp_min(_LEAST_SQUARE)).clamp_min(_LEAST_SQUARE).sqrt()


def yaw_ratios(landmarks: Tensor) -> Tensor:
    """Return ``edge.vision.quality.yaw_ratio`` of landmarks (n, 5, 2): how far heads seem turned away, float (n,)."""
    right, left, nose = landmarks[:, :3].unbind(dim=1)
    axis = left - right
    aside = ((nose - (right + left) / 2) * axis).sum(dim=1)
    return (2 * aside / axis.square().sum(dim=1).clamp_min(_LEAST_SQUARE)).clamp(-2.0, 2.0)


@dataclass(frozen=True, slots=True)
class AlignmentShift:
    """How far a crop moved.

    Attributes:
        shift_px: how far the crop's center went, in pixels of the clean crop.
        rotation_degrees: how far it turned, -180..180.
        scale: how much more of the frame a crop pixel covers, to a side; 1 = as much as before.
    """

    shift_px: float
    rotation_degrees: float
    scale: float


def alignment_shift(clean: Tensor, moved: Tensor, side: int = _ALIGNED_SIDE_PX) -> AlignmentShift:
    """Compare two crops of one frame.

    Args:
        clean: float (2, 3), crop to frame pixels, as the face is without an attack.
        moved: the same, as an attack has made it.
        side: pixels to a side of both crops.

    Raises:
        ValueError: a matrix has another shape, or the clean one cannot be inverted.
    """
    if tuple(clean.shape) != (2, 3) or tuple(moved.shape) != (2, 3):
        raise ValueError(f"crop matrices must be (2, 3), got {tuple(clean.shape)} and {tuple(moved.shape)}")
    before, after = clean.detach().double(), moved.detach().double()
    if float(torch.linalg.det(before[:, :2])) == 0:
        raise ValueError("a clean crop matrix that cannot be inverted compares with nothing")
    back = torch.linalg.inv(before[:, :2])
    turned = back @ after[:, :2]
    center = torch.full((2,), (side - 1) / 2, dtype=torch.float64)
    shift = turned @ center + back @ (after[:, 2] - before[:, 2]) - center
    (p, q), (r, s) = turned.tolist()
    return AlignmentShift(
        shift_px=float(shift.norm()),
        rotation_degrees=math.degrees(math.atan2(r - q, p + s)),
        scale=math.sqrt(abs(p * s - q * r)),
    )
