"""Runs one row on a few scenes: craft, save as an 8-bit picture, have the saved picture judged, write it down."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from edge.domain.errors import StoreError
from redteam.attacks.base import Attack
from redteam.attacks.budget import Budget, LinfBall
from redteam.attacks.minimal import minimal_eps
from redteam.campaign.arsenal import Twins, attack_of, frames_of
from redteam.campaign.asked import asked
from redteam.campaign.paint import before_the_camera, budget_of, climbed
from redteam.campaign.plan import Alignment, Attacker, Knowledge, Row
from redteam.campaign.records import PICTURES_FOLDER, Record, judgement_values
from redteam.judge import Judge, Judgement
from redteam.patches.reached import reached_alignment
from redteam.scene import Scene
from redteam.success import Mark, Point, has_succeeded


@dataclass(frozen=True, slots=True, eq=False)
class Range:
    """Where attacks are tried: what the attacker holds, and the gates that judge.

    Attributes:
        twins: what a white-box attacker holds.
        judge: the gate as it is.
        known_judge: the gate whose random views an attacker knows.
        folder: of the campaign.
        seed: of the campaign.
    """

    twins: Twins
    judge: Judge
    known_judge: Judge
    folder: Path
    seed: int

    def judge_of(self, row: Row) -> Judge:
        """Return who judges a row."""
        return self.known_judge if row.attacker is Attacker.SEED_KNOWN else self.judge


def run_row(row: Row, scenes: Sequence[Scene], place: Range) -> list[Record]:
    """Return a record a scene. Scenes must have frames of one size.

    Raises:
        UsageError: the row names an unknown attack or patch.
        StoreError: a picture cannot be written.
        EdgeError: an engine failed.
    """
    if row.knows is Knowledge.TEMPLATES:
        scenes = [scene.knowing_templates() for scene in scenes]
    return _searched(row, scenes, place) if row.minimal_for else _attacked(row, scenes, place)


def _attacked(row: Row, scenes: Sequence[Scene], place: Range) -> list[Record]:
    clean = frames_of(scenes)
    begin = time.perf_counter()
    queries: list[int] | list[None] = [None] * len(scenes)
    if row.attacker is Attacker.BLACKBOX:
        found, queries = asked(row, scenes, place.judge, seed=_seed_of(row, scenes, place))
    else:
        budget = budget_of(row, scenes, place.twins, seed=_seed_of(row, scenes, place))
        crafted = _crafted(row, scenes, place, budget, attack_of(row, place.twins.profile))
        found = before_the_camera(crafted, budget, scenes, seed=_seed_of(row, scenes, place, "before the camera"))
    seconds = (time.perf_counter() - begin) / len(scenes)
    return [
        replace(_judged(row, scene, place, frame, float((frame - before).abs().max()), seconds), queries=count)
        for scene, frame, before, count in zip(scenes, found, clean, queries, strict=True)
    ]


def _searched(row: Row, scenes: Sequence[Scene], place: Range) -> list[Record]:
    clean, attack = frames_of(scenes), attack_of(row, place.twins.profile)
    begin = time.perf_counter()

    def attempt(eps: Tensor) -> list[bool]:
        found = _crafted(row, scenes, place, LinfBall(clean, eps), attack)
        return [_overcomes(row, scene, place, frame) for scene, frame in zip(scenes, found, strict=True)]

    smallest = minimal_eps(attempt, len(scenes), largest=row.eps or 0.0, resolution=1.0)
    seconds = (time.perf_counter() - begin) / len(scenes)
    return [
        Record(
            row=row.row_id,
            scene=scene.scene_id,
            goal=scene.goal,
            seconds=round(seconds, 2),
            linf=float(eps),
            minimal_eps=float(eps),
        )
        for scene, eps in zip(scenes, smallest, strict=True)
    ]


def _crafted(row: Row, scenes: Sequence[Scene], place: Range, budget: Budget, attack: Attack) -> Tensor:
    seed = _seed_of(row, scenes, place)
    found: Tensor = attack(climbed(row, scenes, place.twins, budget, seed=seed), budget, seed=seed)
    return found


def _seed_of(row: Row, scenes: Sequence[Scene], place: Range, use: str = "") -> int:
    text = f"{place.seed} {row.row_id} {scenes[0].scene_id}{use and ' '}{use}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def _judged(row: Row, scene: Scene, place: Range, frame: Tensor, linf: float, seconds: float) -> Record:
    picture = _saved(row, scene, place.folder, frame)
    judgement = _look(row, scene, place, picture)
    reached = None
    if row.patch is not None and row.alignment is not Alignment.FROZEN:
        reached = reached_alignment(scene.scene_id, row.patch, scene.face.landmarks.tolist(), judgement.landmarks)
    return Record(
        row=row.row_id,
        scene=scene.scene_id,
        goal=scene.goal,
        seconds=round(seconds, 2),
        linf=linf,
        judgement=judgement_values(judgement),
        picture=str(picture.relative_to(place.folder)),
        moved=None if reached is None else asdict(reached),
    )


def _overcomes(row: Row, scene: Scene, place: Range, frame: Tensor) -> bool:
    assert row.minimal_for is not None  # noqa: S101  # the caller branched on it
    judgement = _look(row, scene, place, _saved(row, scene, place.folder, frame))
    point = Point.LOOSE if row.minimal_for.value in {"facenet", "sface"} else None
    return has_succeeded(judgement, Mark(row.minimal_for, point), scene.goal, place.judge.profile.match)


def _look(row: Row, scene: Scene, place: Range, picture: Path) -> Judgement:
    return place.judge_of(row).look(picture, scene, is_frozen=row.alignment is Alignment.FROZEN)


def _saved(row: Row, scene: Scene, folder: Path, frame: Tensor) -> Path:
    """Write a frame as PNG and return the file: what is judged is what was saved."""
    path = folder / PICTURES_FOLDER / row.row_id / f"{scene.scene_id}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.ascontiguousarray(frame.to(torch.uint8).permute(1, 2, 0).numpy())
    if not cv2.imwrite(str(path), pixels):
        raise StoreError(f"{path} cannot be written", hint="free space, or name another --out folder")
    return path
