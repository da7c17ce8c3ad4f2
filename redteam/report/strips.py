"""Which attacked scenes are shown, and their pictures: a few of every attacker, those that got in first."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from redteam.campaign.plan import Attacker, Row
from redteam.report.outcomes import Judged, Outcomes

MOST_STRIPS = 12
_MOST_SIDE_PX = 256
_GRAY, _GAIN = 128, 10
_STRONGEST_FIRST = (
    Attacker.ADAPTIVE,
    Attacker.JOINT,
    Attacker.OBLIVIOUS,
    Attacker.TRANSFER,
    Attacker.SEED_KNOWN,
    Attacker.BLACKBOX,
    Attacker.DICTIONARY,
    Attacker.NOISE,
)

Pixels = NDArray[np.uint8]
CleanPixels = Callable[[str], Pixels | None]
"""Scene id -> uint8 BGR (h, w, 3), the frame before the attack; None = it cannot be had."""


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """One attacked scene.

    Attributes:
        row: the attack.
        judged: what was made of it.
        attacked: uint8 BGR, at most 256 pixels to a side; None = its file cannot be read.
        clean: the frame before the attack; None = it cannot be had.
        perturbation: ten times the change, around gray 128; None without both.
    """

    row: Row
    judged: Judged
    attacked: Pixels | None
    clean: Pixels | None = None
    perturbation: Pixels | None = None


def strips(outcomes: Outcomes, folder: Path, clean_pixels: CleanPixels) -> tuple[Strip, ...]:
    """Return the strips of up to twelve attacked scenes.

    Args:
        outcomes: of the campaign.
        folder: of the campaign; nothing outside it is read.
        clean_pixels: gives frames before the attack.
    """
    chosen = list(_chosen(outcomes))[:MOST_STRIPS]
    return tuple(_strip(row, judged, folder, clean_pixels) for row, judged in chosen)


def _chosen(outcomes: Outcomes) -> Iterator[tuple[Row, Judged]]:
    """Yield an attack of each attacker in turn, then each one's next; the strongest attacker begins."""
    attackers = dict.fromkeys((*_STRONGEST_FIRST, *Attacker))
    of_attackers = [_of_rows([r for r in outcomes.rows if r.attacker is a], outcomes) for a in attackers]
    for turn in zip_longest(*of_attackers):
        yield from (each for each in turn if each is not None)


def _of_rows(rows: Sequence[Row], outcomes: Outcomes) -> Iterator[tuple[Row, Judged]]:
    """Yield a scene of each row in turn; of each row those first that opened the gate."""
    of_rows = [[(row, judged) for judged in _opened_first(row, outcomes)] for row in rows]
    return (each for each in chain.from_iterable(zip_longest(*of_rows)) if each is not None)


def _opened_first(row: Row, outcomes: Outcomes) -> list[Judged]:
    pictured = [(s, j) for s, j in outcomes.judged(row).items() if j.record.picture is not None]
    ordered = sorted(pictured, key=lambda each: (-each[1].judgement.granted, each[0]))
    return [judged for _, judged in ordered][:MOST_STRIPS]


def _strip(row: Row, judged: Judged, folder: Path, clean_pixels: CleanPixels) -> Strip:
    attacked = _read(folder, judged.record.picture or "")
    clean = clean_pixels(judged.record.scene)
    if attacked is None or clean is None or clean.shape != attacked.shape:
        return Strip(row, judged, None if attacked is None else _shrunk(attacked))
    change = attacked.astype(np.int32) - clean
    perturbation = np.clip(_GRAY + _GAIN * change, 0, 255).astype(np.uint8)
    return Strip(row, judged, _shrunk(attacked), _shrunk(clean), _shrunk(perturbation))


def _read(folder: Path, name: str) -> Pixels | None:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        return None
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    return None if pixels is None else pixels.astype(np.uint8, copy=False)


def _shrunk(pixels: Pixels) -> Pixels:
    """Return a picture that is no larger than what is shown."""
    scale = _MOST_SIDE_PX / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
