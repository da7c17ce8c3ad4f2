"""The control of every table: random signs of full size, without looking at any model."""

import torch
from torch import Tensor

from redteam.attacks.base import Attack, Objective
from redteam.attacks.budget import Budget


class Noise(Attack):
    """Goes to a random corner of the budget."""

    name = "noise"

    def run(self, objective: Objective, budget: Budget, generator: torch.Generator) -> Tensor:
        """Take one step of the whole size in a random direction."""
        del objective
        direction = torch.rand(budget.clean.shape, generator=generator) - 0.5
        return budget.step(budget.clean, direction, 1.0)
