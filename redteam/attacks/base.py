"""The roles of the red team: an objective to climb, an attack that climbs it, and who is asked whether it worked.

The shape is foolbox's: model, attack, criterion and distance are four things. An attack is never believed: what it
returns is put back into its budget and rounded to whole gray levels here, and success is judged by the gate.
"""

from abc import ABC, abstractmethod
from typing import Protocol, final

import torch
from torch import Tensor

from redteam.attacks.budget import Budget

ROWS_AT_ONCE = 8


class Objective(Protocol):
    """What an attacker wants, as a number a frame that can be differentiated; higher = nearer to the goal."""

    def gain(self, frames: Tensor, rows: slice) -> Tensor:
        """Return float32 (m,) for frames (m, 3, h, w), which are the rows ``rows`` of all frames attacked."""
        ...

    def advance(self) -> None:
        """Note that a step is over: random draws are made anew, weights of unmet terms grow."""
        ...


class Attack(ABC):
    """Climbs an objective inside a budget. Stateless; all randomness comes from the seed.

    Attributes:
        name: stable name in reports.
    """

    name: str

    @final
    def __call__(self, objective: Objective, budget: Budget, *, seed: int) -> Tensor:
        """Return attacked frames float32 (n, 3, h, w): inside the budget, whole numbers, whatever ``run`` did."""
        generator = torch.Generator().manual_seed(seed)
        found = self.run(objective, budget, generator)
        if found.shape != budget.clean.shape:
            raise ValueError(f"{self.name} returned {tuple(found.shape)} for {tuple(budget.clean.shape)}")
        return budget.quantized(torch.where(found.isfinite(), found, budget.clean))

    @abstractmethod
    def run(self, objective: Objective, budget: Budget, generator: torch.Generator) -> Tensor:
        """Return attacked frames; they need not be inside the budget."""


def gain_and_gradient(objective: Objective, frames: Tensor) -> tuple[Tensor, Tensor]:
    """Return the gain (n,) and its gradient (n, 3, h, w), computed ``ROWS_AT_ONCE`` frames at a time."""
    gains, gradients = [], []
    for start in range(0, len(frames), ROWS_AT_ONCE):
        rows = slice(start, min(start + ROWS_AT_ONCE, len(frames)))
        part = frames[rows].detach().requires_grad_()
        gain = objective.gain(part, rows)
        (gradient,) = torch.autograd.grad(gain.sum(), part)
        gains.append(gain.detach())
        gradients.append(gradient)
    return torch.cat(gains), torch.cat(gradients)


def gain_of(objective: Objective, frames: Tensor) -> Tensor:
    """Return the gain (n,) without a gradient."""
    parts = []
    with torch.no_grad():
        for start in range(0, len(frames), ROWS_AT_ONCE):
            rows = slice(start, min(start + ROWS_AT_ONCE, len(frames)))
            parts.append(objective.gain(frames[rows], rows))
    return torch.cat(parts)
