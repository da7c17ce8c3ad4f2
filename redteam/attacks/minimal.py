"""The smallest budget that suffices, by bisection: what a model falls to says more than one rate at one budget."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Attempt = Callable[[Tensor], Sequence[bool]]
"""float32 (n,), a budget in gray levels for each row -> whether each row succeeded with it."""


def minimal_eps(attempt: Attempt, rows: int, *, largest: float, resolution: float) -> Tensor:
    """Return the smallest eps at which each row succeeded, float32 (n,); infinity where no budget tried did.

    Success need not be monotone: noise that a defense sees at 16 gray levels may pass it at 8. So budgets are halved
    from ``largest`` until one works, every row by itself; between it and nothing, multiples of ``resolution`` are
    bisected. What is returned did succeed, and the next smaller value tried did not.

    Args:
        attempt: attacks every row with its own budget and has the result judged.
        rows: how many there are.
        largest: budget tried first.
        resolution: how fine the answer is; 1 for pictures that are saved in 8 bits.
    """
    high, works = _first_that_works(attempt, rows, float(round(largest / resolution)), resolution)
    low = torch.zeros(rows)
    while bool((is_open := (high - low > 1) & works).any()):
        middle = ((low + high) / 2).floor().clamp_min(1.0)
        wins = _tried(attempt, middle * resolution)
        high = torch.where(is_open & wins, middle, high)
        low = torch.where(is_open & ~wins, middle, low)
    return torch.where(works, high * resolution, torch.inf)


def _first_that_works(attempt: Attempt, rows: int, most: float, resolution: float) -> tuple[Tensor, Tensor]:
    """Return each row's largest working budget of ``most``, halved as often as it takes; and whether any did."""
    budget, works = torch.full((rows,), most), torch.zeros(rows, dtype=torch.bool)
    while True:
        works |= _tried(attempt, budget * resolution)
        if bool((works | (budget <= 1)).all()):
            return budget, works
        budget = torch.where(works, budget, (budget / 2).floor().clamp_min(1.0))


def _tried(attempt: Attempt, eps: Tensor) -> Tensor:
    return torch.tensor(list(attempt(eps)), dtype=torch.bool)
