"""Foolbox on our models: its projected gradient descent, and the least budget that suffices, without bisection.

Foolbox reckons in 0..1, and its step sizes assume it. It runs on the locked numpy and torch; of scipy it uses a
name that warns today and is gone from scipy 2.
"""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from redteam.attacks.budget import WHITE, LinfBall
from redteam.oracle.art_adapter import VICTIM, CosineLogits, Plan, require, seeded


def pgd(model: CosineLogits, clean: Tensor, plan: Plan) -> Tensor:
    """Return one scene's frame after ``LinfPGD``, in whole gray levels within the budget.

    Args:
        model: the scene.
        clean: float32 (1, 3, h, w), BGR, 0..255.
        plan: how hard to try.

    Raises:
        UsageError: foolbox is not installed.
    """
    foolbox = _foolbox()
    tool = foolbox.attacks.LinfPGD(
        abs_stepsize=plan.step / WHITE, steps=plan.steps, random_start=plan.has_random_start
    )
    with seeded(plan.seed):
        found = tool.run(_subject(model), clean / WHITE, _goal(), epsilon=plan.eps / WHITE)
    return LinfBall(clean, plan.eps).quantized(found.detach() * WHITE)


def least_change(model: CosineLogits, clean: Tensor, *, steps: int) -> tuple[Tensor, float]:
    """Return the nearest frame that ``LInfFMNAttack`` takes across the threshold, and how far it is.

    Pintor et al., "Fast Minimum-norm Adversarial Attacks through Adaptive Norm Constraints", NeurIPS 2021.

    Args:
        model: the scene.
        clean: float32 (1, 3, h, w).
        steps: of the search.

    Returns:
        The frame, not rounded, and its L-infinity distance in gray levels; infinity where none was found.

    Raises:
        UsageError: foolbox is not installed.
    """
    found = (
        _foolbox().attacks.LInfFMNAttack(steps=steps).run(_subject(model), clean / WHITE, _goal()).detach() * WHITE
    )
    with torch.no_grad():
        is_victim = int(model(found).argmax()) == VICTIM
    return found, float((found - clean).abs().max()) if is_victim else float("inf")


class _InUnitRange(nn.Module):  # type: ignore[misc]  # torch is not typed here
    """Takes frames in 0..1."""

    def __init__(self, logits: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self._logits = logits
        self.eval()

    def forward(self, frames: Tensor) -> Tensor:
        """Return the logits."""
        return self._logits(frames * WHITE)


def _subject(model: CosineLogits) -> Any:
    return _foolbox().PyTorchModel(_InUnitRange(model.forward), bounds=(0, 1), device="cpu")


def _goal() -> Any:
    return _foolbox().criteria.TargetedMisclassification(torch.tensor([VICTIM]))


def _foolbox() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return require("foolbox")
