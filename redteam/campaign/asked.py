"""Rows of attackers who hold no model and may only ask: random squares by scores, and walks by decisions.

Scores are never shown at the door: rows by scores bound what anybody with a stolen, talkative model gets. A walk
begins at a picture of the victim and nears the attacker's own; only what is left within the budget counts.
"""

import re
from collections.abc import Sequence

import cv2
import torch
from torch import Tensor

from edge.domain.errors import UsageError
from redteam.attacks.budget import LinfBall
from redteam.blackbox.hopskipjump import hop_skip_jump
from redteam.blackbox.queries import CountedDecisions, CountedScores, JudgedDecisions, ServedScores
from redteam.blackbox.square import regions_of, search
from redteam.campaign.arsenal import frames_of
from redteam.campaign.plan import Row
from redteam.judge import Judge
from redteam.scene import Scene
from redteam.success import MODEL_OF, Mark, Target

_FIRST_DIRECTIONS = 20


def asked(row: Row, scenes: Sequence[Scene], judge: Judge, *, seed: int) -> tuple[Tensor, list[int]]:
    """Return attacked frames float32 (n, 3, h, w) within the row's budget, and the questions asked for each.

    Args:
        row: ``square-N`` or ``hop-skip-jump-N``, N questions at most; a square needs to hold a model.
        scenes: whose frames.
        judge: answers.
        seed: of all draws.

    Raises:
        UsageError: no such attack, or the tools of a walk are not installed.
        EdgeError: an engine failed.
    """
    found = re.fullmatch(r"(square|hop-skip-jump)-(\d+)", row.attack)
    if found is None or row.eps is None:
        raise UsageError(
            f"no black-box attack is called {row.attack!r}", hint="square-N or hop-skip-jump-N, with eps"
        )
    questions, budget = int(found[2]), LinfBall(frames_of(scenes), row.eps)
    if found[1] == "square":
        return _squares(row, scenes, judge, budget, questions, seed)
    return _walks(scenes, judge, budget, questions, seed)


def _squares(
    row: Row, scenes: Sequence[Scene], judge: Judge, budget: LinfBall, questions: int, seed: int
) -> tuple[Tensor, list[int]]:
    model = MODEL_OF[row.source or Target.SFACE]
    oracle = ServedScores(judge.stage(model), judge, judge.gallery, scenes)
    height, width = budget.clean.shape[2:]
    regions = regions_of([scene.face for scene in scenes], height, width)
    counted = CountedScores(oracle, len(scenes), questions)
    found = search(counted, budget, regions, steps=max(1, questions - 2), seed=seed)
    return found.frames, [int(n) for n in found.queries]


def _walks(
    scenes: Sequence[Scene], judge: Judge, budget: LinfBall, questions: int, seed: int
) -> tuple[Tensor, list[int]]:
    oracle = JudgedDecisions(judge, Mark(Target.GATE), scenes)
    frames, used = [], []
    for index, scene in enumerate(scenes):
        height, width = scene.pixels.shape[:2]
        start = torch.from_numpy(cv2.resize(scene.victim_picture, (width, height))).permute(2, 0, 1).float()
        counted = CountedDecisions(oracle, index, limit=questions)
        walk = hop_skip_jump(
            counted, budget.clean[index], start, seed=seed, first_directions=min(_FIRST_DIRECTIONS, questions)
        )
        frames.append(budget.clean[index] if walk.frame is None else walk.frame)
        used.append(walk.queries)
    return budget.quantized(torch.stack(frames)), used
