"""Square attack: random squares of full size, kept when the score rises; no gradient is ever asked for.

Andriushchenko et al., "Square Attack: a query-efficient black-box adversarial attack via random search", ECCV 2020,
the L-infinity version: vertical stripes to begin with, then squares whose share of the region falls in steps.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from edge.domain.face import Face
from redteam.attacks.base import Attack, Objective, gain_of
from redteam.attacks.budget import Budget, LinfBall
from redteam.blackbox.queries import BudgetSpent, CountedScores, ScoreOracle

FIRST_SHARE = 0.05
"""Share of the region that the first squares cover (paper, section 5)."""

FACE_ENLARGED = 1.25
"""The region is the face's box so many times enlarged: the wider of the recognizers' crops. Squares beside it tell
nothing and cost a question each."""

_HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)  # of 10,000 questions (paper, appendix B)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What random search came to.

    Attributes:
        frames: float32 (n, 3, h, w), the best frames seen, whole numbers.
        scores: float32 (n,), their scores.
        queries: int64 (n,), questions asked for each row.
    """

    frames: Tensor
    scores: Tensor
    queries: Tensor


def regions_of(faces: Sequence[Face], height: int, width: int) -> Tensor:
    """Return the enlarged face boxes within a frame, int64 (n, 4): top, left, height, width in pixels."""
    rows = []
    for face in faces:
        (x, y), half_w, half_h = face.box.center, *_halves(face)
        left, top = max(0, math.floor(x - half_w)), max(0, math.floor(y - half_h))
        right, bottom = min(width, math.ceil(x + half_w)), min(height, math.ceil(y + half_h))
        rows.append((top, left, max(1, bottom - top), max(1, right - left)))
    return torch.tensor(rows, dtype=torch.int64)


def share_of_region(index: int, steps: int, first: float = FIRST_SHARE) -> float:
    """Return the share of the region that a square covers at question ``index`` of ``steps``."""
    at = index / steps * 10_000
    return float(first / 2 ** sum(at > halving for halving in _HALVINGS))


def search(
    oracle: CountedScores, budget: LinfBall, regions: Tensor, *, steps: int, seed: int, enough: float = math.inf
) -> Found:
    """Return the best frames of a random search.

    Args:
        oracle: who is asked; its limit ends the search too.
        budget: the ball to stay in.
        regions: int64 (n, 4), where squares fall; see :func:`regions_of`.
        steps: squares a row, which the schedule of their sizes is stretched over.
        seed: of all draws.
        enough: a row of this score is done and asks no more.
    """
    generator = torch.Generator().manual_seed(seed)
    best, scores = budget.quantized(budget.clean), torch.full((len(budget.clean),), -torch.inf)
    try:
        for index in range(-2, steps):
            rows = torch.nonzero(scores < enough).flatten()
            if not len(rows):
                break
            tried = _tried(best, budget, regions, index, steps, generator)[rows]
            answers = oracle.scores(tried, rows)
            is_better = answers > scores[rows]
            best[rows[is_better]] = tried[is_better]
            scores[rows[is_better]] = answers[is_better]
    except BudgetSpent:
        pass
    return Found(best, scores, oracle.used.clone())


class Square(Attack):
    """Square attack on an objective's gain, for an attacker who may ask as often as wanted; never differentiates.

    Args:
        steps: squares.
        regions: int64 (n, 4), where they fall.
    """

    def __init__(self, steps: int, regions: Tensor) -> None:
        if steps < 1:
            raise ValueError(f"an attack needs at least one step, got {steps}")
        self.name = f"square-{steps}"
        self._steps = steps
        self._regions = regions

    def run(self, objective: Objective, budget: Budget, generator: torch.Generator) -> Tensor:
        """Return the best frames that were seen, row by row.

        Raises:
            TypeError: the budget is not an L-infinity ball.
        """
        if not isinstance(budget, LinfBall):
            raise TypeError("squares are for an L-infinity budget")
        seed = int(torch.randint(2**31, (1,), generator=generator))
        oracle = CountedScores(_Gains(objective), len(budget.clean), self._steps + 2)
        return search(oracle, budget, self._regions, steps=self._steps, seed=seed).frames


class _Gains(ScoreOracle):
    """An objective asked for all rows at once, never for some of them."""

    def __init__(self, objective: Objective) -> None:
        self._objective = objective

    def scores(self, frames: Tensor, rows: Tensor) -> Tensor:
        del rows
        gains = gain_of(self._objective, frames)
        self._objective.advance()
        return gains


def _tried(
    best: Tensor, budget: LinfBall, regions: Tensor, index: int, steps: int, generator: torch.Generator
) -> Tensor:
    """Return what is asked next, for every row: first the clean frames, then stripes, then one square more."""
    if index == -2:
        return best.clone()
    height, width = best.shape[2:]
    if index == -1:
        mask = _inside(regions, height, width)
        signs = _signs((len(best), 3, 1, width), generator)
    else:
        mask = _squares(regions, share_of_region(index, steps), (height, width), generator)
        signs = _signs((len(best), 3, 1, 1), generator)
    change = signs * budget.eps.floor()
    tried = budget.quantized(torch.where(mask, budget.clean + change, best))
    is_idle = (tried == best).flatten(1).all(dim=1).reshape(-1, 1, 1, 1)  # a question about the same frame is wasted
    return torch.where(is_idle, budget.quantized(torch.where(mask, budget.clean - change, best)), tried)


def _squares(regions: Tensor, share: float, size: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Return one random square a row, within its region; bool (n, 1, *size)."""
    top, left, rows, columns = regions.unbind(1)
    wanted = (share * rows * columns).sqrt().round().long().clamp_min(1)
    side = torch.minimum(wanted, torch.minimum(rows, columns))
    draws = torch.rand((len(regions), 2), generator=generator)
    at_y = top + (draws[:, 0] * (rows - side + 1)).long()
    at_x = left + (draws[:, 1] * (columns - side + 1)).long()
    return _inside(torch.stack([at_y, at_x, side, side], dim=1), *size)


def _inside(boxes: Tensor, height: int, width: int) -> Tensor:
    top, left, rows, columns = boxes.reshape(-1, 4, 1, 1).unbind(1)
    y, x = torch.arange(height).reshape(1, -1, 1), torch.arange(width).reshape(1, 1, -1)
    inside = (y >= top) & (y < top + rows) & (x >= left) & (x < left + columns)
    return inside.unsqueeze(1)


def _signs(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.randint(0, 2, shape, generator=generator) * 2.0 - 1.0


def _halves(face: Face) -> tuple[float, float]:
    return face.box.width * FACE_ENLARGED / 2, face.box.height * FACE_ENLARGED / 2
