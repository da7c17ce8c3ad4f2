"""Whether a model still looks: different pictures must not get one and the same answer.

A compiled model that is stuck gives every face the same direction, and two such models would agree on it for ever. No
two frames of a sensor are alike, and the views of one face differ more than two frames do; so an answer that repeats
bit by bit though the picture changed is the engine's, not the face's.
"""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

_CHANGED = 0.02  # of the picture's own contrast: well above what rounding inside a model could swallow


class AnswerWatch:
    """Compares each answer with the one before, within a batch and from batch to batch. One thread."""

    def __init__(self) -> None:
        self._last: tuple[FloatArray, FloatArray] | None = None

    def is_stuck(self, pictures: FloatArray, answers: FloatArray) -> bool:
        """Return whether two pictures in a row that differ got the same answer.

        Args:
            pictures: float32 (n, c, h, w), as the model saw them; a sparse sample settles it.
            answers: float32 (n, d), what it said.
        """
        for picture, answer in zip(pictures, answers, strict=True):
            last = self._last
            self._last = picture.copy(), answer.copy()
            if last is not None and np.array_equal(last[1], answer) and _differ(last[0], picture):
                return True
        return False


def _differ(one: FloatArray, other: FloatArray) -> bool:
    change = float(np.mean(np.abs(one - other)))
    return change > _CHANGED * max(float(one.std()), float(other.std()))
