"""Where a rectangle hurts most: the gradient-guided location search of the Rectangle Occlusion Attack.

Wu, Tong and Vorobeychik, "Defending Against Physically Realizable Attacks on Image Classification", ICLR 2020: slide
the rectangle over the picture, keep the places with most of the squared gradient in them, paint those for real, and
take the best. The places slid over are those of the aligned face.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from edge.domain.face import Face
from edge.vision.align import template_to_frame
from redteam.attacks.base import Objective, gain_and_gradient, gain_of
from redteam.attacks.budget import Painted
from redteam.attacks.gradient import MomentumFGSM
from redteam.patches.shapes import SIDE_PX, Rectangle, rectangle_masks

ASPECTS = (2.0, 1.0, 0.5)
"""Width over height of the rectangles tried: lying, square and standing."""

_STRIDE_PX = 4
_MOST_ALIKE = 0.5  # two candidates overlap by less (intersection over union), or five would be one


def best_rectangles(
    objective: Objective,
    faces: Sequence[Face],
    frames: Tensor,
    share: float,
    *,
    candidates: int = 5,
    steps: int = 10,
    seed: int = 0,
) -> Tensor:
    """Return the masks of :func:`find_rectangles`, bool (n, 1, h, w), for the same arguments."""
    found = find_rectangles(objective, faces, frames, share, candidates=candidates, steps=steps, seed=seed)
    return rectangle_masks(found, faces, *frames.shape[2:])


def find_rectangles(
    objective: Objective,
    faces: Sequence[Face],
    frames: Tensor,
    share: float,
    *,
    candidates: int = 5,
    steps: int = 10,
    seed: int = 0,
) -> list[Rectangle]:
    """Return the rectangle of each frame from which the objective climbs highest.

    Args:
        objective: what is attacked. Its steps are counted and its weights grow: give the attack proper a fresh one.
        faces: the clean faces, a row a frame.
        frames: float32 (n, 3, h, w), clean, whole numbers 0..255.
        share: of the aligned crop's area, above 0; so small that a rectangle of each of ``ASPECTS`` fits in.
        candidates: places that are tried for real.
        steps: of the short attack that tries them.
        seed: of that attack.

    Raises:
        AlignmentError: a face's landmarks fit no face.
        ValueError: the share is out of range, or there is nothing to try.
    """
    if candidates < 1 or steps < 1:
        raise ValueError(f"a search needs candidates and steps, got {candidates} and {steps}")
    _, gradient = gain_and_gradient(objective, frames)
    masses = gradient_masses(gradient, faces)
    places = [_candidates(mass, share, candidates) for mass in masses]
    gains = []
    for index in range(candidates):
        masks = rectangle_masks([row[index] for row in places], faces, *frames.shape[2:])
        painted = MomentumFGSM(steps, has_decaying_steps=True)(objective, Painted(frames, masks), seed=seed)
        gains.append(gain_of(objective, painted))
    best = torch.stack(gains).argmax(dim=0).tolist()
    return [row[index] for row, index in zip(places, best, strict=True)]


def gradient_masses(gradient: Tensor, faces: Sequence[Face]) -> Tensor:
    """Return the squared gradient at every pixel of the aligned crops, float32 (n, 112, 112); off the frame it is 0.

    Args:
        gradient: float (n, 3, h, w), of an objective by its frames.
        faces: the clean faces.

    Raises:
        AlignmentError: a face's landmarks fit no face.
    """
    height, width = gradient.shape[2:]
    mass = gradient.float().square().sum(dim=1, keepdim=True)
    matrices = np.stack([template_to_frame(face.landmarks) for face in faces])
    sizes = torch.tensor([width, height], dtype=torch.float64)
    line = torch.arange(SIDE_PX, dtype=torch.float64)
    v, u = torch.meshgrid(line, line, indexing="ij")
    points = torch.stack([u, v, torch.ones_like(u)], dim=-1)
    places = torch.einsum("nij,rcj->nrci", torch.from_numpy(matrices), points)
    grid = ((2 * places + 1) / sizes - 1).float()
    return functional.grid_sample(mass, grid, mode="bilinear", align_corners=False)[:, 0]


def _candidates(mass: Tensor, share: float, count: int) -> list[Rectangle]:
    """Return the ``count`` places of a crop (112, 112) of most gradient, best first, none like a better one."""
    found: list[Rectangle] = []
    places = _places(mass, share)
    for _, rectangle in places:
        if all(_overlap(rectangle, other) < _MOST_ALIKE for other in found):
            found.append(rectangle)
        if len(found) == count:
            return found
    return (found * count)[:count]  # a large rectangle has few places that differ: trying one twice does no harm


def _places(mass: Tensor, share: float) -> list[tuple[float, Rectangle]]:
    """Return every place of every aspect with the gradient in it, most first."""
    places = []
    for aspect in ASPECTS:
        pattern = Rectangle.of_share(share, aspect=aspect)
        width, height = round(pattern.width), round(pattern.height)
        if not (1 <= width <= SIDE_PX and 1 <= height <= SIDE_PX):
            raise ValueError(f"no rectangle of {share:.2%} and aspect {aspect} fits into the aligned face")
        sums = functional.avg_pool2d(mass[None, None], (height, width), stride=_STRIDE_PX, divisor_override=1)[0, 0]
        for row, line in enumerate(sums.tolist()):
            for column, inside in enumerate(line):
                at = Rectangle(column * _STRIDE_PX - 0.5, row * _STRIDE_PX - 0.5, width, height)
                places.append((inside, at))
    return sorted(places, key=lambda place: -place[0])


def _overlap(one: Rectangle, other: Rectangle) -> float:
    """Return the intersection over union."""
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(0.0, across) * max(0.0, down)
    return shared / (one.width * one.height + other.width * other.height - shared)
