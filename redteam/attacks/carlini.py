"""CW-margin: the least change in L2 that clears a margin (Carlini and Wagner, IEEE S&P 2017), on cosines.

The change is bounded by the budget as well, so that its rows stand beside the others. In L2 the frames found are
the most fragile of all: a feature squeezer undoes them first.
"""

import torch
from torch import Tensor

from redteam.attacks.base import Attack, Objective, gain_and_gradient
from redteam.attacks.budget import WHITE, Budget

_TRADE_START = 1e-3
_RATE = 0.01 * WHITE


class CarliniMargin(Attack):
    """Adam on ``trade * |change|^2 - min(gain, margin)``; the trade is searched by bisection, row by row.

    Args:
        margin: gain from which a row counts as done, such as threshold plus confidence.
        steps: of each search.
        searches: how many values of the trade are tried.
    """

    def __init__(self, margin: float, *, steps: int = 60, searches: int = 4) -> None:
        if steps < 1 or searches < 1:
            raise ValueError("an attack needs at least one step and one search")
        self.name = f"cw-margin-{steps}x{searches}"
        self._margin = margin
        self._steps = steps
        self._searches = searches

    def run(self, objective: Objective, budget: Budget, generator: torch.Generator) -> Tensor:
        """Return, row by row, the smallest change that cleared the margin, else the one that came nearest."""
        del generator
        rows = len(budget.clean)
        trade = torch.full((rows, 1, 1, 1), _TRADE_START)
        best = budget.clean.clone()
        best_gain = torch.full((rows,), -torch.inf)
        best_size = torch.full((rows,), torch.inf)
        for _ in range(self._searches):
            frames, gains, sizes = self._search(objective, budget, trade)
            is_done = gains >= self._margin
            is_better = torch.where(is_done, sizes < best_size, (best_gain < self._margin) & (gains > best_gain))
            best = torch.where(is_better.reshape(-1, 1, 1, 1), frames, best)
            best_gain = torch.where(is_better, gains, best_gain)
            best_size = torch.where(is_better & is_done, sizes, best_size)
            trade = trade * torch.where(is_done, 4.0, 0.25).reshape(-1, 1, 1, 1)
        return best

    def _search(self, objective: Objective, budget: Budget, trade: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the last frames of one search that cleared the margin or came nearest, their gains and sizes."""
        change = torch.zeros_like(budget.clean)
        first, second = torch.zeros_like(change), torch.zeros_like(change)
        kept, kept_gain = budget.clean, torch.full((len(change),), -torch.inf)
        for index in range(1, self._steps + 1):
            frames = budget.project(budget.clean + change)
            gains, gradient = gain_and_gradient(objective, frames)
            is_kept = (gains >= self._margin) | (gains > kept_gain)
            kept = torch.where(is_kept.reshape(-1, 1, 1, 1), frames, kept)
            kept_gain = torch.where(is_kept, gains, kept_gain)
            pull = 2 * trade * change / WHITE**2
            push = gradient * (gains < self._margin).reshape(-1, 1, 1, 1)
            change = change - _RATE * _adam(pull - push, first, second, index)
            objective.advance()
        sizes = ((kept - budget.clean) ** 2).sum(dim=(1, 2, 3)).sqrt()
        return kept, kept_gain, sizes


def _adam(gradient: Tensor, first: Tensor, second: Tensor, index: int) -> Tensor:
    """Return Adam's step of length one (Kingma and Ba, ICLR 2015) and update both moments in place."""
    first.mul_(0.9).add_(gradient, alpha=0.1)
    second.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
    return (first / (1 - 0.9**index)) / ((second / (1 - 0.999**index)).sqrt() + 1e-12)
