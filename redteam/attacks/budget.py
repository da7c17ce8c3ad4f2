"""What an attacker may change: the sets of frames that an attack must stay in, and how far a step goes in them."""

from typing import Protocol

import torch
from torch import Tensor

WHITE = 255.0


class Budget(Protocol):
    """A set of frames around clean ones, a row a frame.

    Attributes:
        clean: float32 (n, 3, h, w), BGR, 0..255, whole numbers.
    """

    clean: Tensor

    def start(self, generator: torch.Generator) -> Tensor:
        """Return a random frame of the set for each row."""
        ...

    def project(self, frames: Tensor) -> Tensor:
        """Return the nearest frames of the set."""
        ...

    def step(self, frames: Tensor, direction: Tensor, share: float | Tensor) -> Tensor:
        """Return frames moved along ``direction`` by ``share`` of the set's size, within the set."""
        ...

    def quantized(self, frames: Tensor) -> Tensor:
        """Return frames of the set whose values are whole numbers, as an 8-bit picture holds them."""
        ...


class LinfBall:
    """Every value of a frame may change by at most ``eps`` gray levels.

    Args:
        clean: float32 (n, 3, h, w), whole numbers 0..255.
        eps: gray levels of 255, one number or float32 (n,).
    """

    def __init__(self, clean: Tensor, eps: float | Tensor) -> None:
        self.clean = clean
        exact = torch.as_tensor(eps, dtype=torch.float64).reshape(-1, 1, 1, 1)
        self.eps, self._whole_eps = exact.float(), exact.floor().float()

    def start(self, generator: torch.Generator) -> Tensor:
        """Return uniform noise of the whole size."""
        noise = torch.rand(self.clean.shape, generator=generator) * 2 - 1
        return self.project(self.clean + noise * self.eps)

    def project(self, frames: Tensor) -> Tensor:
        """Clip to the ball and to 0..255."""
        return self._clipped(frames, self.eps)

    def step(self, frames: Tensor, direction: Tensor, share: float | Tensor) -> Tensor:
        """Step by the sign of ``direction``: the steepest way in this norm."""
        return self.project(frames + direction.sign() * self.eps * share)

    def quantized(self, frames: Tensor) -> Tensor:
        """Round, then clip to the whole gray levels that the ball holds."""
        return self._clipped(frames.round(), self._whole_eps)

    def _clipped(self, frames: Tensor, eps: Tensor) -> Tensor:
        inside = torch.maximum(torch.minimum(frames, self.clean + eps), self.clean - eps)
        return inside.clamp(0.0, WHITE)


class Painted:
    """Pixels under a mask may be anything; all others stay.

    Args:
        clean: float32 (n, 3, h, w), whole numbers 0..255.
        masks: bool (n, 1, h, w), True where the patch lies.
    """

    def __init__(self, clean: Tensor, masks: Tensor) -> None:
        self.clean = clean
        self.masks = masks

    def start(self, generator: torch.Generator) -> Tensor:
        """Return one random color a patch: a plain start leaves no grain for the optimizer to get stuck in."""
        color = torch.rand((len(self.clean), 3, 1, 1), generator=generator) * WHITE
        return torch.where(self.masks, color, self.clean)

    def project(self, frames: Tensor) -> Tensor:
        """Clip the patch to 0..255 and restore everything else."""
        return torch.where(self.masks, frames.clamp(0.0, WHITE), self.clean)

    def step(self, frames: Tensor, direction: Tensor, share: float | Tensor) -> Tensor:
        """Step by the sign of ``direction``."""
        return self.project(frames + direction.sign() * WHITE * share)

    def quantized(self, frames: Tensor) -> Tensor:
        """Round the patch."""
        return self.project(frames.round())
