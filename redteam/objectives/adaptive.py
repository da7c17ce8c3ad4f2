"""The adaptive attacker: likeness through every view the gate takes, and a hinge for every check it makes.

Tramer et al., "On Adaptive Attacks to Adversarial Example Defenses", NeurIPS 2020: attack the final decision with one
smooth function. Weights of checks that still fail double a step, as a quadratic penalty method would raise them.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from edge.defenses.squeeze import SQUEEZED_VIEWS, SQUEEZERS
from edge.domain.profile import Profile
from redteam.objectives.alignment import Aligner
from redteam.objectives.certified import CertificateLacks
from redteam.objectives.detector_head import HeadTwin
from redteam.objectives.likeness import PENALTY_WEIGHT
from redteam.objectives.views import ViewSource
from redteam.twins.picture import PictureTwin

_MOST_WEIGHT = 64.0
_SHARE_OF_ROOM = 0.2  # each check is to be passed with so much of its threshold to spare


class PastEveryCheck:
    """Likeness in both models over plain, random and squeezed views, minus what each of the gate's checks lacks.

    Args:
        picture: twins of both models.
        aligner: where the crops lie.
        views: plain, random and squeezed views, in this order.
        wanted: float32 (n, d), unit embeddings to be taken for, by model id.
        profile: the gate's thresholds: this attacker knows them.
        certified: what occluded copies lack, where a certificate is in force.
    """

    def __init__(
        self,
        picture: PictureTwin,
        aligner: Aligner,
        views: ViewSource,
        wanted: Mapping[str, Tensor],
        profile: Profile,
        certified: CertificateLacks | None = None,
    ) -> None:
        self._picture = picture
        self._aligner = aligner
        self._views = views
        self._wanted = dict(wanted)
        self._profile = profile
        self._certified = certified
        self._map = torch.from_numpy(profile.agreement.weights.copy())
        self._head = HeadTwin.of(profile)
        self._weights: Tensor | None = None
        self._fires: dict[int, Tensor] = {}

    def gain(self, frames: Tensor, rows: slice) -> Tensor:
        """Return float32 (m,): the likeness, -2..2, minus the weighted lacks."""
        alignment = self._aligner.align(frames, rows)
        views = self._views.views(rows)
        vectors = {m: self._picture.embed(m, frames, alignment.matrices[m], views) for m in self._wanted}
        scores = {m: torch.einsum("nvd,nd->nv", v, self._wanted[m][rows]) for m, v in vectors.items()}
        likeness = torch.stack([s.mean(dim=1) for s in scores.values()]).sum(dim=0)
        lacks = self._lacks(vectors, scores)
        if self._certified is not None:
            copies = self._certified.lacks(frames, alignment.matrices, rows, room=_SHARE_OF_ROOM)
            lacks = torch.cat([lacks, copies], dim=1)
        self._fires[rows.start] = lacks.detach() > 0
        weighted = (lacks * self._weights_of(rows, lacks.shape[1])).sum(dim=1)
        return likeness - weighted - PENALTY_WEIGHT * alignment.penalty

    def advance(self) -> None:
        """Draw anew, and double the weights of checks that failed."""
        self._aligner.advance()
        self._views.advance()
        if self._weights is not None and self._fires:
            fired = torch.cat([self._fires[start] for start in sorted(self._fires)])
            self._weights = torch.where(fired, self._weights * 2, self._weights).clamp_max(_MOST_WEIGHT)
        self._fires = {}

    def _weights_of(self, rows: slice, checks: int) -> Tensor:
        if self._weights is None:
            count = len(next(iter(self._wanted.values())))
            self._weights = torch.ones((count, checks))
        return self._weights[rows]

    def _lacks(self, vectors: Mapping[str, Tensor], scores: Mapping[str, Tensor]) -> Tensor:
        """Return how much every check lacks, (m, checks), 0 where it passes with room."""
        randoms = slice(1, next(iter(scores.values())).shape[1] - len(SQUEEZERS))
        cosine = self._agreement(vectors)
        lacks = [*self._match_lacks(scores, randoms), _below(cosine, self._profile.agreement.threshold)]
        if self._head is not None:
            lacks.append(self._head.lack(vectors, scores, cosine, randoms))
        for model in scores:
            lacks.append(self._drop_lack(model, scores[model], randoms))
            lacks += self._shift_lacks(model, vectors[model])
        return torch.stack(lacks, dim=1)

    def _match_lacks(self, scores: Mapping[str, Tensor], randoms: slice) -> list[Tensor]:
        point = self._profile.match
        fused = torch.stack([weight * scores[m] for m, weight in point.weights.items()]).sum(dim=0)
        return [
            _below(fused[:, 0], point.threshold),
            _below(fused[:, randoms].mean(dim=1), self._profile.random_score_threshold),
            *(_below(scores[m][:, 0], floor) for m, floor in point.floors.items()),
        ]

    def _agreement(self, vectors: Mapping[str, Tensor]) -> Tensor:
        agreement = self._profile.agreement
        mapped = vectors[agreement.source][:, 0] @ self._map[:-1] + self._map[-1]
        return torch.cosine_similarity(mapped, vectors[agreement.target][:, 0], dim=1)

    def _drop_lack(self, model: str, scores: Tensor, randoms: slice) -> Tensor:
        start = scores[:, 0].clamp_max(self._profile.plain_score_caps[model])
        drop = start - scores[:, randoms].min(dim=1).values
        return _above(drop, self._profile.random_spread_thresholds[model])

    def _shift_lacks(self, model: str, vectors: Tensor) -> list[Tensor]:
        thresholds = self._profile.squeeze_thresholds[model]
        squeezed = vectors[:, -len(SQUEEZED_VIEWS) :]
        shifts = 1 - torch.einsum("nvd,nd->nv", squeezed, vectors[:, 0])
        return [_above(shifts[:, i], thresholds[squeezer]) for i, squeezer in enumerate(SQUEEZERS)]


def _below(value: Tensor, floor: float) -> Tensor:
    return (floor * (1 + _SHARE_OF_ROOM) - value).clamp_min(0.0)


def _above(value: Tensor, ceiling: float) -> Tensor:
    return (value - ceiling * (1 - _SHARE_OF_ROOM)).clamp_min(0.0)
