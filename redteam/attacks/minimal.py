"""The smallest budget that suffices, by bisection: what a model falls to says more than one rate at one budget."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Attempt = Callable[[Tensor], Sequence[bool]]
"""float32 (n,), a budget in gray levels for each row -> whether each row succeeded with it."""


def minimal_eps(attempt: Attempt, rows: int, *, largest: float, resolution: float) -> Tensor:
    """Return the smallest eps at which each row succeeded, float32 (n,); infinity where ``largest`` did not.

    Bisection on multiples of ``resolution``, every row by itself. Success need not be monotone: what is returned did
    succeed, and the next smaller value tried did not.

    Args:
        attempt: attacks every row with its own budget and has the result judged.
        rows: how many there are.
        largest: budget tried first.
        resolution: how fine the answer is; 1 for pictures that are saved in 8 bits.
    """
    low = torch.zeros(rows)
    high = torch.full((rows,), float(round(largest / resolution)))
    did_fail = ~torch.tensor(list(attempt(high * resolution)), dtype=torch.bool)
    while bool(((high - low > 1) & ~did_fail).any()):
        middle = ((low + high) / 2).floor().clamp_min(1.0)
        works = torch.tensor(list(attempt(middle * resolution)), dtype=torch.bool)
        is_open = (high - low > 1) & ~did_fail
        high = torch.where(is_open & works, middle, high)
        low = torch.where(is_open & ~works, middle, low)
    return torch.where(did_fail, torch.tensor(torch.inf), high * resolution)
