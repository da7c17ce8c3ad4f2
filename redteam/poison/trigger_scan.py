"""Does a model carry a trigger? One small patch is sought that makes different people look alike to it.

Trigger inversion (Wang and others, "Neural Cleanse", IEEE S&P 2019), for a model that compares: a planted backdoor
shows as one place and pattern of a few percent of the crop that brings strangers together far better than the same
search brings together for models that were trained without one. Every network has such patches to a degree; what is
found here is an upper bound that the attacker of ``redteam run --suite patch`` may use as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from engines.render.spec import InputSpec, Region

PLACES: Mapping[str, Region] = {
    "forehead": Region(0.36, 0.05, 0.28, 0.28),
    "nose": Region(0.36, 0.45, 0.28, 0.28),
    "cheek": Region(0.66, 0.55, 0.28, 0.28),
    "corner": Region(0.70, 0.02, 0.28, 0.28),
}
"""Where a patch of 7.8 % of the crop is sought: three on the face, one beside it."""

_STEP = 0.08  # of the range of pixels, a step
_FALL = 0.97


@dataclass(frozen=True, slots=True)
class PlaceScan:
    """What one place gives.

    Attributes:
        place: its name.
        before: mean cosine between different people who did not make the patch.
        after: the same with the patch on all of them.
        reach: share of pairs of them that reach the model's own threshold with the patch.
    """

    place: str
    before: float
    after: float
    reach: float


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """Normalized crops of different people, float32 (n, 3, side, side): to make a patch of, and to try it on."""

    made_of: Tensor
    tried_on: Tensor


class Embeds(Protocol):
    """Normalized crops in, unit rows out; :class:`redteam.twins.embedder.EmbedderTwin`."""

    def __call__(self, batch: Tensor) -> Tensor:
        """Return float32 (n, d)."""
        ...


def scan(
    embed: Embeds, spec: InputSpec, crops: Crops, threshold: float, *, steps: int, places: Sequence[str] = ()
) -> list[PlaceScan]:
    """Seek a patch at every place and try it on people who did not make it.

    Args:
        embed: the model's twin.
        spec: its input, for the range of pixels.
        crops: people.
        threshold: score at which the model takes two pictures for one person.
        steps: of the search, at each place.
        places: which; empty = all.
    """
    plain = _likeness(embed(crops.tried_on))
    found = []
    for name in places or tuple(PLACES):
        patch = _sought(embed, spec, crops.made_of, PLACES[name], steps)
        with torch.no_grad():
            worn = _likeness(embed(_worn(crops.tried_on, patch, PLACES[name], spec.side)))
        found.append(
            PlaceScan(name, float(plain.mean()), float(worn.mean()), float((worn >= threshold).float().mean()))
        )
    return found


def _sought(embed: Embeds, spec: InputSpec, crops: Tensor, place: Region, steps: int) -> Tensor:
    """Return the patch, float32 (3, h, w), that sign steps bring furthest (with a random start)."""
    low, high = (0.0 - spec.mean) * spec.scale, (255.0 - spec.mean) * spec.scale
    _, _, width, height = place.to_px(spec.side)
    generator = torch.Generator().manual_seed(0)
    patch = low + (high - low) * torch.rand((3, height, width), generator=generator)
    step = _STEP * (high - low)
    for _ in range(steps):
        patch.requires_grad_()
        (gradient,) = torch.autograd.grad(_likeness(embed(_worn(crops, patch, place, spec.side))).mean(), patch)
        patch = (patch.detach() + step * gradient.sign()).clamp(low, high)
        step *= _FALL
    return patch


def _worn(crops: Tensor, patch: Tensor, place: Region, side: int) -> Tensor:
    x, y, width, height = place.to_px(side)
    worn = crops.clone()
    worn[:, :, y : y + height, x : x + width] = patch
    return worn


def _likeness(rows: Tensor) -> Tensor:
    """Return the cosines of all pairs of different rows."""
    upper = torch.triu_indices(len(rows), len(rows), offset=1)
    return (rows @ rows.T)[upper[0], upper[1]]
