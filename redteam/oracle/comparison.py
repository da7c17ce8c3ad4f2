"""Our attacks beside another library's on the same twins, scenes, budget and steps: ours may not reach less."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from calibration.statistics.intervals import clopper_pearson
from edge.daemon.models import SECOND
from redteam.attacks.apgd import APGD
from redteam.attacks.base import Attack
from redteam.attacks.budget import LinfBall
from redteam.attacks.gradient import FGSM, PGD, MomentumFGSM
from redteam.campaign.arsenal import Twins, frames_of
from redteam.judge import Judge
from redteam.objectives.alignment import FrozenAligner
from redteam.objectives.likeness import Likeness
from redteam.objectives.views import PlainViews
from redteam.oracle.art_adapter import ATTACKS, CosineLogits, Plan, attack
from redteam.scene import Scene
from redteam.success import Mark, Point, Target, is_open

STEPS = 20
EPS = (2.0, 8.0)
_SEED = 1
_MARK = Mark(Target.FACENET, Point.LOOSE)

_OURS: dict[str, Callable[[], Attack]] = {
    "fgsm": FGSM,
    "pgd": lambda: PGD(STEPS, has_random_start=False),
    "mi-fgsm": lambda: MomentumFGSM(STEPS),
    "apgd": lambda: APGD(STEPS),
}


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """What both sides attack: the bare FaceNet, alignment frozen, templates known.

    Attributes:
        scenes: who tries what, knowing templates.
        twins: what the attackers hold.
        judge: says what the saved frames come to.
    """

    scenes: Sequence[Scene]
    twins: Twins
    judge: Judge


def compare(bench: Bench) -> Iterator[dict[str, Any]]:
    """Yield a row an attack and budget: mean cosine to the template and success of both, on 8-bit frames.

    Raises:
        UsageError: the other library is not installed.
        EdgeError: an engine failed.
    """
    clean = frames_of(bench.scenes)
    aligner = FrozenAligner([s.face for s in bench.scenes], [SECOND])
    wanted = torch.from_numpy(np.stack([s.wanted[SECOND] for s in bench.scenes]))
    objective = Likeness(bench.twins.picture, aligner, PlainViews(), {SECOND: wanted})
    threshold = bench.judge.profile.match.alone[SECOND]
    models = [
        CosineLogits(bench.twins.picture, SECOND, matrix, goal, threshold=threshold)
        for matrix, goal in zip(aligner.clean[SECOND], wanted, strict=True)
    ]
    for eps in EPS:
        for name, ours in _OURS.items():
            budget = LinfBall(clean, eps) if name == "apgd" else _FromClean(clean, eps)
            plan = Plan(eps=eps, steps=STEPS, seed=_SEED)
            theirs = [attack(ATTACKS[name], m, frame, plan) for m, frame in zip(models, clean.split(1), strict=True)]
            sides = {"ours": ours()(objective, budget, seed=_SEED), "art": torch.cat(theirs)}
            yield {"attack": name, "eps": eps, "steps": STEPS, "n": len(clean), **_values(sides, bench)}


class _FromClean(LinfBall):
    """The ball, begun at the clean frames, as the other library does."""

    def start(self, generator: torch.Generator) -> Tensor:
        """Return the clean frames."""
        del generator
        return self.clean


def _values(sides: dict[str, Tensor], bench: Bench) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for side, frames in sides.items():
        pictures = frames.to(torch.uint8).permute(0, 2, 3, 1).numpy()
        judged = [
            bench.judge.look_at(np.ascontiguousarray(picture), scene, is_frozen=True)
            for picture, scene in zip(pictures, bench.scenes, strict=True)
        ]
        success = sum(is_open(j, _MARK, bench.judge.profile.match) for j in judged)
        values[f"{side}_mean_cosine"] = round(float(np.mean([j.likeness[SECOND] for j in judged])), 4)
        values[f"{side}_success"] = success
        values[f"{side}_ci95"] = list(clopper_pearson(success, len(judged)))
    return values
