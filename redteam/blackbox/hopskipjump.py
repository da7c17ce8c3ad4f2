"""HopSkipJump: from a picture that opens the door towards the attacker's own, asking only whether it still opens.

Chen, Jordan and Wainwright, "HopSkipJumpAttack: A Query-Efficient Decision-Based Attack", IEEE S&P 2020, as the
Adversarial Robustness Toolbox has it. The attacker holds a picture of the victim and walks it to the own face: what
is left at the end differs from the own face as little as the questions allowed.
"""

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from redteam.attacks.budget import WHITE
from redteam.blackbox.queries import BudgetSpent, CountedDecisions
from redteam.oracle.art_adapter import require, seeded

FIRST_DIRECTIONS = 100
"""Questions for the first estimate of a direction (paper, section IV); later ones take more."""

_ROUNDS = 1000  # more than any limit of questions allows: the questions end the walk
_FINEST = 0.5  # gray levels: what is asked is rounded, so a finer search asks about the same picture again
_PROBE = 1.0  # gray levels of noise a value: what is less is rounded away before anybody sees it


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """Where the walk got to.

    Attributes:
        frame: float32 (3, h, w), whole numbers: of all frames that opened, the one nearest to the attacker's own;
            None = not even the victim's picture opened.
        distance: its L-infinity distance to the attacker's own frame, gray levels; infinity where there is none.
        queries: questions asked.
        near_misses: how many of them the gate noted.
    """

    frame: Tensor | None
    distance: float
    queries: int
    near_misses: int

    def is_within(self, eps: float) -> bool:
        """Whether the frame lies in the L-infinity ball of ``eps`` gray levels."""
        return self.distance <= eps


def hop_skip_jump(
    oracle: CountedDecisions, own: Tensor, start: Tensor, *, seed: int, first_directions: int = FIRST_DIRECTIONS
) -> Walk:
    """Walk from ``start`` towards ``own`` until the oracle's questions are spent.

    Args:
        oracle: who is asked; without any limit this does not end soon.
        own: float32 (3, h, w), BGR, whole numbers 0..255, the attacker's clean frame; taken not to open by itself.
        start: float32 (3, h, w), the victim's picture in the same size.
        seed: of all draws.
        first_directions: questions for the first estimate of a direction; few questions need a small number.

    Raises:
        UsageError: ART is not installed.
        ValueError: the pictures are not of one size.
    """
    if own.shape != start.shape:
        raise ValueError(f"own picture {tuple(own.shape)} and start {tuple(start.shape)} differ in size")
    asked = _Asked(oracle, own, start)
    tool = _tool(asked, tuple(own.shape), first_directions)
    try:
        if asked.does_start_open():
            with seeded(seed):
                tool.generate(own[None].numpy(), _VICTIM[None], x_adv_init=start[None].numpy().copy())
    except BudgetSpent:
        pass
    return Walk(asked.nearest, asked.distance, oracle.used, oracle.near_misses)


_STRANGER, _VICTIM = np.eye(2, dtype=np.float32)


class _Asked:
    """Asks frame by frame, and keeps the nearest of those that opened. Both ends of the walk are known already."""

    def __init__(self, oracle: CountedDecisions, own: Tensor, start: Tensor) -> None:
        self._oracle = oracle
        self._own = own
        self._start = start
        self.nearest: Tensor | None = None
        self.distance = float("inf")

    def does_start_open(self) -> bool:
        """Ask for the victim's picture, once."""
        is_open = self._oracle.decide(self._start).is_reached
        if is_open:
            self.nearest, self.distance = self._start, float((self._start - self._own).abs().max())
        return is_open

    def predict(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return one-hot classes float32 (n, 2) of frames (n, 3, h, w): somebody else, the victim."""
        return np.stack([self._class_of(torch.from_numpy(np.asarray(frame, np.float32))) for frame in frames])

    def _class_of(self, frame: Tensor) -> NDArray[np.float32]:
        shown = frame.round().clamp(0.0, WHITE)
        if bool((shown == self._own).all()):
            return _STRANGER
        if bool((shown == self._start).all()):
            return _VICTIM
        if not self._oracle.decide(shown).is_reached:
            return _STRANGER
        distance = float((shown - self._own).abs().max())
        if distance < self.distance:
            self.nearest, self.distance = shown.clone(), distance
        return _VICTIM


def _tool(asked: _Asked, shape: tuple[int, ...], first_directions: int) -> Any:
    model = require("art.estimators.classification").BlackBoxClassifier(
        asked.predict, input_shape=shape, nb_classes=2, clip_values=(0.0, WHITE)
    )
    tool = require("art.attacks.evasion").HopSkipJump(
        model,
        batch_size=1,
        targeted=True,
        norm=np.inf,
        max_iter=_ROUNDS,
        init_eval=first_directions,
        init_size=1,
        verbose=False,
    )
    # ART searches the border down to a millionth of a gray level, 30 questions each time, and feels its way about
    # with noise that no 8-bit picture holds.
    tool._binary_search = functools.partial(tool._binary_search, threshold=_FINEST)  # noqa: SLF001
    tool._compute_delta = lambda **_: _PROBE * float(np.prod(shape)) ** 0.5  # noqa: SLF001
    return tool
