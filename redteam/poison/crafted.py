"""Poison that follows gradients: collisions in the trained model, and an insider's pictures in both models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from edge.daemon.models import RECOGNIZERS, SECOND
from edge.domain.face import Face
from edge.pipeline.guard.views import HIDDEN, SQUEEZED
from engines.render.spec import PLAIN, ViewSpec
from redteam.attacks.budget import LinfBall
from redteam.attacks.gradient import PGD
from redteam.objectives.alignment import FrozenAligner
from redteam.objectives.likeness import Likeness
from redteam.objectives.views import PlainViews, ViewSource
from redteam.poison.pictures import HonestPicture, Labeled, Seen, as_they_are, poison_count, written
from redteam.poison.plan import Poison, PoisonRow
from redteam.twins.picture import PictureTwin

STEPS = 20
_FEW = 4
_TOGETHER = 4  # through seven views of two models, and back: gigabytes


def crafted(
    row: PoisonRow, pictures: Sequence[HonestPicture], seen: Seen, twin: PictureTwin, folder: Path, seed: int
) -> list[Labeled]:
    """Return the dataset with a row's crafted poison in it; the adaptive insider goes through the screens' views.

    A collision moves a few pictures of several people onto one picture of an attacker in the trained model, and keeps
    the labels right. An insider moves an attacker's pictures onto the victim's mean in both models, and lies.

    Args:
        row: a crafted one.
        pictures: honest ones.
        seen: their embeddings, by path and model id.
        twin: of both models.
        folder: where poisoned pictures are written.
        seed: of victims, attacker and pictures.

    Raises:
        StoreError: a picture cannot be written.
    """
    rng = np.random.default_rng(seed)
    victim, attacker = (str(name) for name in rng.choice(sorted({p.name for p in pictures}), 2, replace=False))
    mine = [picture for picture in pictures if picture.name == victim]
    others = [picture for picture in pictures if picture.name != victim]
    count = poison_count(row, len(pictures))
    if row.poison is Poison.COLLISION:
        bases = _a_few_of_each([picture for picture in pictures if picture.name != attacker], rng)[:count]
        target = next(picture for picture in pictures if picture.name == attacker)
        wanted = {SECOND: np.stack([seen[target.path][SECOND]] * len(bases))}
    else:
        bases = [others[place] for place in rng.choice(len(others), count, replace=False).tolist()]
        means = {model: _unit(np.mean([seen[p.path][model] for p in mine], axis=0)) for model in RECOGNIZERS}
        wanted = {model: np.stack([mean] * len(bases)) for model, mean in means.items()}
    views = ScreenedViews() if row.poison is Poison.ADAPTIVE else PlainViews()
    made = [
        written(folder, pixels) for pixels in _moved(bases, Likenesses(wanted, twin, views), row.eps or 0.0, seed)
    ]
    left = {base.path for base in bases} if row.poison is Poison.COLLISION else set()
    honest = [labeled for labeled in as_they_are(pictures) if labeled.path not in left]
    labels = [base.name if row.poison is Poison.COLLISION else victim for base in bases]
    poison = zip(made, labels, bases, strict=True)
    return [*honest, *(Labeled(path, label, base.name, is_poison=True) for path, label, base in poison)]


def _a_few_of_each(pictures: Sequence[HonestPicture], rng: np.random.Generator) -> list[HonestPicture]:
    """Return pictures of people in random order, a few of each: a poisoner leaves the most as they are."""
    of: dict[str, list[HonestPicture]] = {}
    for picture in pictures:
        of.setdefault(picture.name, []).append(picture)
    names = sorted(of)
    return [picture for place in rng.permutation(len(names)).tolist() for picture in of[names[place]][:_FEW]]


class ScreenedViews:
    """Every view that the screens look at."""

    def views(self, rows: slice) -> Sequence[Sequence[ViewSpec]]:
        """Return them for every row."""
        return [(PLAIN, SQUEEZED, *HIDDEN)] * (rows.stop - rows.start)

    def advance(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Likenesses:
    """What pictures are moved to: rows (n, d) by model, through which twin and views."""

    wanted: Mapping[str, NDArray[np.float32]]
    twin: PictureTwin
    views: ViewSource

    def of(self, places: Sequence[int], faces: Sequence[Face]) -> Likeness:
        """Return the objective of some of the pictures."""
        rows = {model: torch.from_numpy(rows[list(places)]) for model, rows in self.wanted.items()}
        return Likeness(self.twin, FrozenAligner(faces, list(rows)), self.views, rows)


def _moved(bases: Sequence[HonestPicture], likenesses: Likenesses, eps: float, seed: int) -> list[NDArray[np.uint8]]:
    sizes: dict[tuple[int, ...], list[int]] = {}
    for place, base in enumerate(bases):
        sizes.setdefault(base.pixels.shape, []).append(place)
    made: dict[int, NDArray[np.uint8]] = {}
    few = [
        places[start : start + _TOGETHER] for places in sizes.values() for start in range(0, len(places), _TOGETHER)
    ]
    for places in few:
        some = [bases[place] for place in places]
        frames = torch.from_numpy(np.stack([base.pixels for base in some])).permute(0, 3, 1, 2).float()
        found = PGD(STEPS)(likenesses.of(places, [base.face for base in some]), LinfBall(frames, eps), seed=seed)
        for place, frame in zip(places, found, strict=True):
            made[place] = np.ascontiguousarray(frame.permute(1, 2, 0).numpy().astype(np.uint8))
    return [made[place] for place in range(len(bases))]


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / np.linalg.norm(vector), np.float32)
