"""The patch certificate as the gate holds it: what is hidden in turn, and how alike each occluded copy must be."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """A part of the aligned crop that one copy does without.

    Attributes:
        name: unique within a certificate.
        group: masks of one group share a bound, such as ``forehead`` or ``eyes``.
        x: left edge, as a share of the crop's side.
        y: upper edge.
        width: to the right edge.
        height: to the lower edge.
        fill: gray level 0..255 that hides.
    """

    name: str
    group: str
    x: float
    y: float
    width: float
    height: float
    fill: int

    def __post_init__(self) -> None:
        ends = (self.x, self.y, self.x + self.width, self.y + self.height)
        if not all(-1e-9 <= end <= 1 + 1e-9 for end in ends) or self.width <= 0 or self.height <= 0:
            raise ValueError(f"a mask must lie on the crop and have an area, got {self}")
        if not 0 <= self.fill <= 255:
            raise ValueError(f"a mask is filled with a gray level of 0..255, got {self.fill}")


class Alignment(StrEnum):
    """How an occluded copy is made."""

    GIVEN = "given"
    """The face is found once and every copy is cut out there: the bound holds given that alignment."""
    REALIGNED = "realigned"
    """The mask is painted into the frame and the face looked for again: what is hidden cannot move the crop."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Certificate:
    """What every occluded copy must reach, and with which probability an impostor under a mask reaches it.

    Attributes:
        name: such as ``tiered``.
        model_id: the recognizer that looks at the copies.
        alignment: how they are made.
        masks: hidden in turn.
        centers: float32 (masks, d), the mean of many people's unit embeddings under each mask.
        thresholds: float64 (masks,), least score of each copy.
        bounds: by group, the share of impostors whom any mask of the group lets pass, against one candidate.
    """

    name: str
    model_id: str
    alignment: Alignment
    masks: tuple[Mask, ...]
    centers: NDArray[np.float32]
    thresholds: NDArray[np.float64]
    bounds: Mapping[str, float]

    def __post_init__(self) -> None:
        count = len(self.masks)
        if not count or len({mask.name for mask in self.masks}) != count:
            raise ValueError("a certificate needs masks, each with a name of its own")
        if self.centers.ndim != 2 or len(self.centers) != count or self.thresholds.shape != (count,):
            raise ValueError("a certificate needs a center and a threshold a mask")
        if not (np.isfinite(self.centers).all() and np.isfinite(self.thresholds).all()):
            raise ValueError("a certificate's numbers must be finite")
        if set(self.bounds) != {mask.group for mask in self.masks}:
            raise ValueError("a certificate needs a bound for each group of its masks, and no more")

    def centered(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return embeddings (..., masks, d) relative to the mask's mean, of unit norm."""
        moved = np.asarray(rows, np.float64) - self.centers
        unit: NDArray[np.float64] = moved / np.linalg.norm(moved, axis=-1, keepdims=True)
        return unit

    def template(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return a person's template, float64 (masks, d): the unit mean of their pictures' centered rows.

        Args:
            rows: (pictures, masks, d). A picture's row of NaN, a mask under which no face was found, is left out; a
                mask under which none was found has a template of NaN, which nothing matches.
        """
        centered = self.centered(rows)
        total = np.where(np.isnan(centered), 0.0, centered).sum(axis=0)
        with np.errstate(invalid="ignore"):
            unit: NDArray[np.float64] = total / np.linalg.norm(total, axis=-1, keepdims=True)
        return unit

    def scores(self, template: NDArray[np.float64], rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the score of every copy against a template (masks, d): float64 (..., masks), higher = more alike."""
        found: NDArray[np.float64] = np.einsum("...md,md->...m", self.centered(rows), template)
        return found

    def holds(self, scores: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Return which copies reach their threshold, bool (..., masks). NaN does not."""
        reached: NDArray[np.bool_] = np.asarray(scores) >= self.thresholds
        return reached
