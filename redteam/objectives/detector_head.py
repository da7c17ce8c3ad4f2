"""The learned detector's head, differentiable: what an attacker who knows it adds to the loss.

Carlini and Wagner, AISec 2017. The columns are those of ``edge.defenses.evidence_vector``, made of the attacker's own
views; what the attacker aims at stands for the templates, which nobody outside knows.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from edge.defenses.evidence_vector import LEAST_SHIFT
from edge.defenses.squeeze import SQUEEZERS
from edge.domain.baseline import Baseline
from edge.domain.detector_head import DetectorHead
from edge.domain.profile import Profile

SHARE_OF_LACK = 0.1
"""Log-odds are some ten times as large as the cosines that the other checks lack."""
ROOM = 0.5
"""Log-odds to spare under the threshold."""
_LEAST_VARIANCE = 1e-10  # the root has no gradient at 0, where views are alike


class HeadTwin:
    """A head and what it reads.

    Args:
        head: its numbers.
        baselines: one a model.
        caps: most that a score counts as, by model id.
    """

    def __init__(self, head: DetectorHead, baselines: Sequence[Baseline], caps: Mapping[str, float]) -> None:
        self._head = head
        self._center, self._scale, self._weights = (
            torch.from_numpy(values.copy()).float() for values in (head.center, head.scale, head.weights)
        )
        self._baselines = {b.model_id: _BaselineTwin(b) for b in baselines}
        self._caps = dict(caps)

    @staticmethod
    def of(profile: Profile) -> "HeadTwin | None":
        """Return the twin of a profile's head; None where it has none."""
        if profile.detector_head is None:
            return None
        return HeadTwin(profile.detector_head, profile.baselines, profile.plain_score_caps)

    def lack(
        self, vectors: Mapping[str, Tensor], scores: Mapping[str, Tensor], agreement: Tensor, randoms: slice
    ) -> Tensor:
        """Return how far the score lies over the threshold less some room, float32 (m,), 0 where it does not."""
        score = self.scores(vectors, scores, agreement, randoms)
        return SHARE_OF_LACK * (score - self._head.threshold + ROOM).clamp_min(0.0)

    def scores(
        self, vectors: Mapping[str, Tensor], scores: Mapping[str, Tensor], agreement: Tensor, randoms: slice
    ) -> Tensor:
        """Return the log-odds of an attack, float32 (m,).

        Args:
            vectors: float32 (m, v, d) by model id: plain, random and squeezed views in this order.
            scores: float32 (m, v) of the same views by model id.
            agreement: float32 (m,) cosine of mapped and real embedding.
            randoms: which views are the random ones.
        """
        columns = {"agreement": agreement}
        for model, cap in self._caps.items():
            columns |= self._columns(model, vectors[model], scores[model].clamp_max(cap), randoms)
        rows = torch.stack([columns[name] for name in self._head.features], dim=1)
        return ((rows - self._center) / self._scale) @ self._weights + self._head.bias

    def _columns(self, model: str, vectors: Tensor, scores: Tensor, randoms: slice) -> dict[str, Tensor]:
        plain, random = scores[:, 0], scores[:, randoms]
        shifts = 1 - torch.einsum("nvd,nd->nv", vectors[:, -len(SQUEEZERS) :], vectors[:, 0])
        octaves = torch.log2(shifts.clamp_min(0.0) + LEAST_SHIFT)
        variance = random.var(dim=1, correction=0)
        return {
            f"plain {model}": plain,
            f"random mean {model}": random.mean(dim=1),
            f"random drop {model}": plain - random.min(dim=1).values,
            f"random spread {model}": (variance + _LEAST_VARIANCE).sqrt(),
            **{f"{squeezer} {model}": octaves[:, i] for i, squeezer in enumerate(SQUEEZERS)},
            **self._baselines[model].columns(vectors[:, 0]),
        }


class _BaselineTwin:
    """The checks of a baseline that a head reads."""

    def __init__(self, baseline: Baseline) -> None:
        ellipsoid, machine = baseline.ellipsoid, baseline.machine
        self._model = baseline.model_id
        self._mean, self._whitening, self._frequencies, self._phases, self._weights = (
            torch.from_numpy(values.copy())
            for values in (ellipsoid.mean, ellipsoid.whitening, machine.frequencies, machine.phases, machine.weights)
        )

    def columns(self, vectors: Tensor) -> dict[str, Tensor]:
        """Return the scores of unit rows (m, d) by column."""
        white = (vectors - self._mean) @ self._whitening
        waves = torch.cos(white @ self._frequencies + self._phases) * math.sqrt(2 / len(self._phases))
        return {f"ellipsoid {self._model}": -white.norm(dim=1), f"machine {self._model}": waves @ self._weights}
