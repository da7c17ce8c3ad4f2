"""Likeness to a person, in one model or in several: the oblivious, the transferring and the joint attacker."""

from collections.abc import Mapping

import torch
from torch import Tensor

from redteam.objectives.alignment import Aligner
from redteam.objectives.views import ViewSource
from redteam.twins.picture import PictureTwin

PENALTY_WEIGHT = 10.0


class Likeness:
    """The sum over models of the mean cosine over views; uncapped, so that no model is left at its threshold.

    Args:
        picture: twins of the models that the attacker knows.
        aligner: where the crops lie.
        views: what is optimized through.
        wanted: float32 (n, d), unit embeddings to be taken for, by model id; these models are attacked.
        sign: +1 to come near them, -1 to get away from them.
    """

    def __init__(
        self,
        picture: PictureTwin,
        aligner: Aligner,
        views: ViewSource,
        wanted: Mapping[str, Tensor],
        *,
        sign: float = 1.0,
    ) -> None:
        self._picture = picture
        self._aligner = aligner
        self._views = views
        self._wanted = dict(wanted)
        self._sign = sign

    def gain(self, frames: Tensor, rows: slice) -> Tensor:
        """Return float32 (m,); each model adds -1..1."""
        alignment = self._aligner.align(frames, rows)
        views = self._views.views(rows)
        total = -PENALTY_WEIGHT * alignment.penalty
        for model, wanted in self._wanted.items():
            vectors = self._picture.embed(model, frames, alignment.matrices[model], views)
            total = total + self._sign * torch.einsum("nvd,nd->nv", vectors, wanted[rows]).mean(dim=1)
        return total

    def advance(self) -> None:
        """Draw anew whatever is random."""
        self._aligner.advance()
        self._views.advance()
