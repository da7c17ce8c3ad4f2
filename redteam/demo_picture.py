"""Makes the demo's adversarial picture: a stranger whom the bare FaceNet takes for the enrolled person.

An oblivious attacker (knows FaceNet, ignores everything else) with an L-infinity budget on the camera frame's face,
momentum iterative sign steps (Dong et al., CVPR 2018) averaged over small shifts of the crop, so that the picture
survives the detector's own jitter. Success is judged on the saved 8-bit picture by the served engine.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from edge.domain.face import Face
from edge.vision.align import crop_geometry
from engines.catalog import ModelSpec
from redteam.twins.embedder import EmbedderTwin


@dataclass(frozen=True, slots=True)
class Budget:
    """How hard the attack tries: ``eps`` in gray levels of 255, ``steps`` of ``draws`` shifted crops each."""

    eps: float = 8.0
    steps: int = 40
    draws: int = 2
    shift_px: float = 1.5
    seed: int = 7


def frame_of(portrait: NDArray[np.uint8], *, width: int = 640, height: int = 480) -> NDArray[np.uint8]:
    """Return a portrait centered on a gray camera frame, BGR."""
    scale = min(width / portrait.shape[1], height / portrait.shape[0])
    size = (round(portrait.shape[1] * scale), round(portrait.shape[0] * scale))
    small = cv2.resize(portrait, size, interpolation=cv2.INTER_AREA)
    frame = np.full((height, width, 3), 96, np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    frame[top : top + size[1], left : left + size[0]] = small
    return frame


def impersonate(
    frame: NDArray[np.uint8],
    face: Face,
    target: NDArray[np.float32],
    spec: ModelSpec,
    twin: EmbedderTwin,
    budget: Budget,
) -> NDArray[np.uint8]:
    """Return ``frame`` changed within the face so that the twin's embedding of it nears ``target``.

    Args:
        frame: uint8 BGR (h, w, 3).
        face: the face in it.
        target: float32 (d,), unit embedding to be taken for.
        spec: the attacked model.
        twin: its differentiable twin.
        budget: how hard to try.
    """
    generator = torch.Generator().manual_seed(budget.seed)
    clean = torch.from_numpy(frame[:, :, ::-1].copy()).permute(2, 0, 1).float().unsqueeze(0)
    goal = torch.from_numpy(target.copy())
    delta = torch.zeros_like(clean, requires_grad=True)
    momentum = torch.zeros_like(clean)
    matrix = crop_geometry(spec.crop, face).matrix
    step = 1.5 * budget.eps / budget.steps * 2
    for _ in range(budget.steps):
        loss = torch.zeros(())
        for _ in range(budget.draws):
            shift = (torch.rand(2, generator=generator) * 2 - 1) * budget.shift_px
            crop = _crop(clean + delta, matrix, spec.input.side, shift)
            loss = loss + twin((crop - spec.input.mean) * spec.input.scale)[0] @ goal
        (gradient,) = torch.autograd.grad(loss, delta)
        momentum = momentum + gradient / gradient.abs().mean().clamp_min(1e-12)
        with torch.no_grad():
            delta += step * momentum.sign() * (momentum != 0)
            delta.clamp_(-budget.eps, budget.eps)
            delta.copy_((clean + delta).clamp(0, 255) - clean)
    adversarial = (clean + delta.detach()).round().clamp(0, 255)[0].permute(1, 2, 0)
    return np.ascontiguousarray(adversarial.numpy().astype(np.uint8)[:, :, ::-1])


def _crop(frame: torch.Tensor, matrix: NDArray[np.float64], side: int, shift: torch.Tensor) -> torch.Tensor:
    """Sample the crop as the renderer does: bilinear, from pixel centers, zero outside."""
    height, width = frame.shape[2:]
    steps = torch.arange(side, dtype=torch.float32)
    v, u = torch.meshgrid(steps, steps, indexing="ij")
    m = torch.from_numpy(matrix).float()
    x = m[0, 0] * u + m[0, 1] * v + m[0, 2] + shift[0]
    y = m[1, 0] * u + m[1, 1] * v + m[1, 2] + shift[1]
    grid = torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], dim=-1).unsqueeze(0)
    return functional.grid_sample(frame, grid, mode="bilinear", padding_mode="zeros", align_corners=True)
