"""Attacks that follow the sign of the gradient in steps of a fixed schedule: FGSM, PGD and MI-FGSM."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from redteam.attacks.base import Attack, Objective, gain_and_gradient
from redteam.attacks.budget import Budget

Smoothing = Callable[[Tensor], Tensor]

REACH = 4.0
"""All steps together go so many times the size of the budget."""


class FGSM(Attack):
    """One step of the whole size (Goodfellow, Shlens and Szegedy, ICLR 2015)."""

    name = "fgsm"

    def run(self, objective: Objective, budget: Budget, generator: torch.Generator) -> Tensor:
        """Step once from the clean frames."""
        del generator
        _, gradient = gain_and_gradient(objective, budget.clean)
        return budget.step(budget.clean, gradient, 1.0)


class PGD(Attack):
    """Projected gradient ascent from a random start (Madry et al., "Towards Deep Learning Models…", ICLR 2018).

    Args:
        steps: how many.
        has_random_start: False = start from the clean frames, as BIM does.
    """

    def __init__(self, steps: int, *, has_random_start: bool = True) -> None:
        if steps < 1:
            raise ValueError(f"an attack needs at least one step, got {steps}")
        self.name = f"pgd-{steps}" if has_random_start else f"bim-{steps}"
        self._steps = steps
        self._has_random_start = has_random_start

    def run(self, objective: Objective, budget: Budget, generator: torch.Generator) -> Tensor:
        """Step along the sign of the gradient; the last frames count, for an objective may be random."""
        frames = budget.start(generator) if self._has_random_start else budget.clean
        for _ in range(self._steps):
            _, gradient = gain_and_gradient(objective, frames)
            frames = budget.step(frames, gradient, REACH / self._steps)
            objective.advance()
        return frames


class MomentumFGSM(Attack):
    """Sign steps along a running mean of gradients (Dong et al., "Boosting Adversarial Attacks…", CVPR 2018).

    Args:
        steps: how many.
        decay: how much of the mean is kept a step.
        smoothing: applied to every gradient, such as :func:`blurred` against overfitting to one model.
        reach: all steps together go so many times the size of the budget.
        has_decaying_steps: True = steps shrink linearly to a tenth, which settles patches.
    """

    def __init__(
        self,
        steps: int,
        *,
        decay: float = 1.0,
        smoothing: Smoothing | None = None,
        reach: float = REACH,
        has_decaying_steps: bool = False,
    ) -> None:
        if steps < 1:
            raise ValueError(f"an attack needs at least one step, got {steps}")
        self.name = f"mi-fgsm-{steps}" if smoothing is None else f"ti-mi-fgsm-{steps}"
        self._steps = steps
        self._decay = decay
        self._smoothing = smoothing
        self._reach = reach
        self._has_decaying_steps = has_decaying_steps

    def run(self, objective: Objective, budget: Budget, generator: torch.Generator) -> Tensor:
        """Step from the clean frames, or a random start where the budget's clean frames hold no patch yet."""
        frames = budget.project(budget.start(generator))
        momentum = torch.zeros_like(frames)
        for index in range(self._steps):
            _, gradient = gain_and_gradient(objective, frames)
            if self._smoothing is not None:
                gradient = self._smoothing(gradient)
            size = gradient.abs().mean(dim=(1, 2, 3), keepdim=True).clamp_min(1e-12)
            momentum = self._decay * momentum + gradient / size
            frames = budget.step(frames, momentum, self._share(index))
            objective.advance()
        return frames

    def _share(self, index: int) -> float:
        share = self._reach / self._steps
        return share * (2 - 1.8 * index / max(1, self._steps - 1)) / 1.1 if self._has_decaying_steps else share


def blurred(gradient: Tensor) -> Tensor:
    """Return gradients under a 7 x 7 Gaussian of sigma 3 (Dong et al., "Evading Defenses…", CVPR 2019)."""
    line = torch.exp(-(torch.arange(-3.0, 4.0) ** 2) / 18)
    kernel = torch.outer(line, line) / line.sum() ** 2
    return functional.conv2d(gradient, kernel.expand(3, 1, 7, 7), padding=3, groups=3)
