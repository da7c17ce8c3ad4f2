"""A learned head over the evidence of a would-be grant: one weighted sum of named numbers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DetectorHead:
    """A logistic regression, as arrays.

    Attributes:
        features: names of the numbers it reads, in order.
        center: float64 (n,), subtracted from each.
        scale: float64 (n,), above 0: what each is then divided by.
        weights: float64 (n,).
        bias: added to the sum.
        threshold: greatest score of a genuine attempt.
    """

    features: tuple[str, ...]
    center: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float
    threshold: float

    def __post_init__(self) -> None:
        count = len(self.features)
        if not count or len(set(self.features)) != count or not all(self.features):
            raise ValueError("a head needs features, each with a name of its own")
        for name in ("center", "scale", "weights"):
            values = getattr(self, name)
            if values.dtype != np.float64 or values.shape != (count,) or not np.isfinite(values).all():
                raise ValueError(f"{name} must be finite float64 ({count},)")
        if not (self.scale > 0).all():
            raise ValueError("scale must lie above 0")
        if not (math.isfinite(self.bias) and math.isfinite(self.threshold)):
            raise ValueError("bias and threshold must be finite")

    def scores(self, columns: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return the log-odds of an attack, float64 (n,); higher = more like the attacks it learned from.

        Whatever is not finite makes the score of its row NaN, even where the weight is 0.

        Args:
            columns: float64 (n,) by name.

        Raises:
            KeyError: a feature is missing.
        """
        rows = np.stack([columns[name] for name in self.features], axis=1)
        with np.errstate(invalid="ignore", over="ignore"):
            scores: NDArray[np.float64] = ((rows - self.center) / self.scale) @ self.weights + self.bias
        return np.where(np.isfinite(rows).all(axis=1), scores, np.nan)
