"""Crafts the families' attacks and writes down what the gate measured of them, a few scenes at a time."""

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from calibration.fitting.attack_evidence import AttackEvidence, no_evidence, read_evidence, write_evidence
from edge.daemon.assembly import GateParts
from edge.domain.errors import UsageError
from redteam.attacks.base import ROWS_AT_ONCE
from redteam.campaign.arsenal import Twins, attack_of
from redteam.campaign.paint import before_the_camera, budget_of, climbed
from redteam.campaign.plan import Knowledge, Row
from redteam.evidence.families import families
from redteam.evidence.measure import column_names, measured
from redteam.scene import Scene
from redteam.scenes import impersonations
from redteam.theater import Theater

Numbered = tuple[int, Scene]


def make_evidence(
    theater: Theater, file: Path, *, basis: str, scenes: int, only: Sequence[str] = (), seed: int
) -> AttackEvidence:
    """Attack, measure and write what is not in ``file`` yet; each finished chunk is written at once.

    Args:
        theater: the gate with people of split A enrolled.
        file: goes on where it ends.
        basis: what evidence depends on.
        scenes: how many of each row.
        only: families to make; empty = all.
        seed: of every attack.

    Raises:
        UsageError: the file was measured with something else, a family is unknown, or there are too few people.
        EdgeError: an engine failed, or the file cannot be written.
    """
    every = families(scenes)
    if unknown := [name for name in only if name not in every]:
        raise UsageError(f"no family is called {unknown[0]!r}", hint=f"families: {', '.join(every)}")
    evidence = begun(file, basis, column_names(tuple(theater.profile.match.weights)))
    numbered = list(enumerate(impersonations(theater.cast, theater.judge(), scenes, theater.progress)))
    chunks = [
        (name, row, chunk)
        for name, rows in every.items()
        if not only or name in only
        for row in rows
        for chunk in chunks_of(name, row, numbered, evidence)
    ]
    twins, place = Twins.load(theater.settings.engine, theater.profile), _Place(theater, seed)
    theater.progress.start("attacking people of split A", sum(len(chunk) for _, _, chunk in chunks))
    try:
        count = 0
        for name, row, chunk in chunks:
            for (number, scene), values in zip(chunk, place.measured(row, chunk, twins), strict=True):
                evidence = evidence.with_row(family_of(name, row), number, place.victim(scene), values)
            write_evidence(evidence, file)
            count += len(chunk)
            theater.progress.advance(count)
    finally:
        theater.progress.finish()
    return evidence


def family_of(name: str, row: Row) -> str:
    """Return the name of a row in the evidence: the family, and the size of the change."""
    return name if row.eps is None else f"{name} @{row.eps:g}"


class _Place:
    """Where attacks are tried."""

    def __init__(self, theater: Theater, seed: int) -> None:
        self._judge = theater.judge()
        self._parts = GateParts(theater.settings, theater.profile, theater.models, theater.cast.gallery)
        self._victims = [victim.subject for victim in theater.cast.victims]
        self._seed = seed

    def victim(self, scene: Scene) -> int:
        """Return a victim's number."""
        return self._victims.index(scene.victim)

    def measured(self, row: Row, chunk: Sequence[Numbered], twins: Twins) -> list[dict[str, float]]:
        """Return the columns of each attacked scene."""
        every = [s.knowing_templates() if row.knows is Knowledge.TEMPLATES else s for _, s in chunk]
        frames = self._attacked(row, every, twins, f"{row.row_id} {chunk[0][0]}")
        pixels = [np.ascontiguousarray(f.to(torch.uint8).permute(1, 2, 0).numpy()) for f in frames]
        return [
            measured(self._parts, self._judge, p, s, seed=f"{self._seed} {row.row_id} {s.scene_id}")
            for p, s in zip(pixels, every, strict=True)
        ]

    def _attacked(self, row: Row, scenes: Sequence[Scene], twins: Twins, what: str) -> Tensor:
        seed = self._seed_of(what)
        budget = budget_of(row, scenes, twins, seed=seed)
        crafted = attack_of(row, twins.profile)(climbed(row, scenes, twins, budget, seed=seed), budget, seed=seed)
        return before_the_camera(crafted, budget, scenes, seed=self._seed_of(f"{what} before the camera"))

    def _seed_of(self, what: str) -> int:
        return int.from_bytes(hashlib.sha256(f"{self._seed} {what}".encode()).digest()[:6], "big")


def begun(file: Path, basis: str, names: tuple[str, ...]) -> AttackEvidence:
    """Return what ``file`` holds, nothing where it is not there.

    Raises:
        UsageError: it holds something else, or was measured with something else.
    """
    if not file.exists():
        return no_evidence(basis, names)
    found = read_evidence(file)
    if (found.basis, found.names) != (basis, names):
        raise UsageError(
            f"{file} was measured with another profile, other models or another version",
            hint="name another --out file, or remove this one: both kinds would be mixed",
        )
    return found


def chunks_of(
    name: str, row: Row, numbered: Sequence[Numbered], evidence: AttackEvidence
) -> Iterator[Sequence[Numbered]]:
    """Yield scenes that are left, a few of one frame size at a time."""
    left = [(n, s) for n, s in numbered if (family_of(name, row), n) not in evidence.done]
    by_size = sorted(left, key=lambda pair: pair[1].pixels.shape)
    for _, alike in itertools.groupby(by_size, key=lambda pair: pair[1].pixels.shape):
        members = list(alike)
        for start in range(0, len(members), ROWS_AT_ONCE):
            yield members[start : start + ROWS_AT_ONCE]
