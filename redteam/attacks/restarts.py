"""Several starts, row by row the best one: a single unlucky start must not make a defense look strong."""

import torch
from torch import Tensor

from redteam.attacks.base import Attack, Objective, gain_of
from redteam.attacks.budget import Budget

_LOOKS = 3  # an objective may be random: its mean over some looks ranks the starts


class BestOf(Attack):
    """Runs every attack in turn and keeps, of each row, the frame of the highest gain.

    Args:
        attacks: what is tried; the same attack may stand there several times, each start is drawn anew.
    """

    def __init__(self, *attacks: Attack) -> None:
        if not attacks:
            raise ValueError("the best of no attacks is nothing")
        self.name = "+".join(dict.fromkeys(attack.name for attack in attacks))
        if len(attacks) > 1 and len({a.name for a in attacks}) == 1:
            self.name = f"{attacks[0].name} x {len(attacks)}"
        self._attacks = attacks

    def run(self, objective: Objective, budget: Budget, generator: torch.Generator) -> Tensor:
        """Return the best frames of all."""
        best, best_gain = budget.clean, torch.full((len(budget.clean),), -torch.inf)
        for attack in self._attacks:
            found = budget.quantized(attack.run(objective, budget, generator))
            gain = torch.stack([self._look(objective, found) for _ in range(_LOOKS)]).mean(dim=0)
            is_better = gain > best_gain
            best = torch.where(is_better.reshape(-1, 1, 1, 1), found, best)
            best_gain = torch.where(is_better, gain, best_gain)
        return best

    def _look(self, objective: Objective, frames: Tensor) -> Tensor:
        gain = gain_of(objective, frames)
        objective.advance()
        return gain
