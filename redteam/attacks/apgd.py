"""APGD: projected gradient ascent that halves its own step when it stops getting on.

Croce and Hein, "Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse Parameter-free Attacks",
ICML 2020: momentum 0.75, checkpoints after 22 % of the steps and then ever closer, return to the best frames.
"""

import torch
from torch import Tensor

from redteam.attacks.base import Attack, Objective, gain_and_gradient
from redteam.attacks.budget import Budget

_MOMENTUM = 0.75
_LEAST_RISES = 0.75  # of the steps since the last checkpoint


class APGD(Attack):
    """Auto-PGD.

    Args:
        steps: how many.
    """

    def __init__(self, steps: int) -> None:
        if steps < 1:
            raise ValueError(f"an attack needs at least one step, got {steps}")
        self.name = f"apgd-{steps}"
        self._steps = steps

    def run(self, objective: Objective, budget: Budget, generator: torch.Generator) -> Tensor:
        """Return the best frames that were seen, row by row."""
        frames = budget.start(generator)
        gains, gradient = gain_and_gradient(objective, frames)
        track = _Track(frames, gains, gradient)
        before = frames
        checks = checkpoints(self._steps)
        for index in range(self._steps):
            wish = budget.step(frames, gradient, track.share)
            weight = _MOMENTUM if index else 1.0
            following = budget.project(frames + weight * (wish - frames) + (1 - weight) * (frames - before))
            before, frames = frames, following
            objective.advance()
            gains, gradient = gain_and_gradient(objective, frames)
            track.note(frames, gains, gradient)
            if index + 1 in checks:
                halted = track.halve_where_stuck(checks[index + 1])
                frames = torch.where(halted, track.best, frames)
                before = torch.where(halted, track.best, before)
                gradient = torch.where(halted, track.best_gradient, gradient)
        return track.best


def checkpoints(steps: int) -> dict[int, int]:
    """Return after which steps the attack looks back, each with the number of steps since the last look."""
    found: dict[int, int] = {}
    share, width, last = 0.22, 0.22, 0
    while (at := max(last + 1, round(share * steps))) <= steps:
        found[at] = at - last
        last, width = at, max(width - 0.03, 0.06)
        share += width
    return found


class _Track:
    """What each row reached so far."""

    def __init__(self, frames: Tensor, gains: Tensor, gradient: Tensor) -> None:
        self.best, self.best_gradient, self._best_gain = frames, gradient, gains
        self.share = torch.full((len(frames), 1, 1, 1), 2.0)
        self._rises = torch.zeros(len(frames))
        self._last = gains
        self._checked_gain = gains
        self._checked_share = self.share

    def note(self, frames: Tensor, gains: Tensor, gradient: Tensor) -> None:
        self._rises += gains > self._last
        self._last = gains
        is_best = (gains > self._best_gain).reshape(-1, 1, 1, 1)
        self.best = torch.where(is_best, frames, self.best)
        self.best_gradient = torch.where(is_best, gradient, self.best_gradient)
        self._best_gain = torch.maximum(gains, self._best_gain)

    def halve_where_stuck(self, since: int) -> Tensor:
        """Halve the step of rows that rise too rarely or found nothing better; return bool (n, 1, 1, 1)."""
        is_slow = self._rises < _LEAST_RISES * since
        is_flat = (self._best_gain <= self._checked_gain) & (self.share == self._checked_share).flatten()
        stuck = (is_slow | is_flat).reshape(-1, 1, 1, 1)
        self._checked_gain, self._checked_share = self._best_gain, self.share
        self.share = torch.where(stuck, self.share / 2, self.share)
        self._rises = torch.zeros_like(self._rises)
        return stuck
