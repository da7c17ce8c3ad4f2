"""Pictures of people as vectors: what the screens see, without models."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.vetting.look import Look, LookTable, Shown

VERIFIER = "verifier"
TRAINED = "trained"
SIZES = {VERIFIER: 32, TRAINED: 48}
MASKS = 3


def unit(vector: NDArray[np.floating]) -> NDArray[np.float32]:
    return (vector / np.linalg.norm(vector)).astype(np.float32)


class Faces:
    """Draws pictures of people: a direction a person, and some noise a picture."""

    def __init__(self, seed: int = 0, noise: float = 0.6) -> None:
        self._rng = np.random.default_rng(seed)
        self._noise = noise
        self._people: dict[tuple[str, str], NDArray[np.float32]] = {}

    def person(self, name: str, model: str) -> NDArray[np.float32]:
        key = name, model
        if key not in self._people:
            self._people[key] = unit(self._rng.standard_normal(SIZES[model]))
        return self._people[key]

    def row(self, name: str, model: str, noise: float | None = None) -> NDArray[np.float32]:
        size = SIZES[model]
        spread = self._noise if noise is None else noise
        return unit(self.person(name, model) + spread * self._rng.standard_normal(size) / np.sqrt(size))

    def look(self, name: str) -> Look:
        plain = {model: self.row(name, model) for model in SIZES}
        near = {model: unit(row + 0.05 * self._rng.standard_normal(len(row))) for model, row in plain.items()}
        hidden = np.stack([self.row(name, VERIFIER, 1.0) for _ in range(MASKS)])
        return Look(plain=plain, hidden=hidden, squeezed=near)


def shown(number: int, subject: str, *, contributor: str = "carl", is_trusted: bool = False) -> Shown:
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    return Shown(sha256, subject, contributor, sha256[:16], is_trusted)


def table_of(pictures: Sequence[tuple[Shown, Look]]) -> LookTable:
    table = LookTable(VERIFIER)
    for what, look in pictures:
        table.add(what, look)
    return table


def honest(faces: Faces, people: int = 6, each: int = 10) -> list[tuple[Shown, Look]]:
    names = [f"person-{number}" for number in range(people)]
    return [(shown(i * each + j, name), faces.look(name)) for i, name in enumerate(names) for j in range(each)]
