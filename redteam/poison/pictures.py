"""Honest pictures with their faces, and the poisoned ones that are made of them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.pictures.faces import alignable_face
from calibration.pictures.frames import frame_of
from edge.capture.picture import read_picture
from edge.domain.clock import Clock
from edge.domain.errors import StoreError
from edge.domain.face import Face
from edge.vision.detect import FaceDetector
from redteam.poison.painting import blended, morphed, with_sticker, with_sunglasses
from redteam.poison.plan import Poison, PoisonRow

BLENDED_SHARE = 0.15
"""Of the pattern in a blended picture."""

Pixels = NDArray[np.uint8]
Seen = Mapping[Path, Mapping[str, NDArray[np.float32]]]
"""Unit embeddings, float32 (d,), by path and model id."""


@dataclass(frozen=True, slots=True, eq=False)
class HonestPicture:
    """A picture that is labeled right.

    Attributes:
        name: whom it shows.
        path: its file.
        pixels: uint8 BGR (h, w, 3).
        face: the face in it.
    """

    name: str
    path: Path
    pixels: Pixels
    face: Face


@dataclass(frozen=True, slots=True)
class Labeled:
    """A picture as it lies in the poisoned dataset.

    Attributes:
        path: its file.
        label: whom it is said to show.
        shows: whom it shows.
        is_poison: whether the attacker brought it or changed it.
    """

    path: Path
    label: str
    shows: str
    is_poison: bool


def honest_pictures(
    people: Mapping[str, Sequence[Path]], detector: FaceDetector, clock: Clock
) -> list[HonestPicture]:
    """Return every picture in which a face can be aligned."""
    found = []
    for name, paths in people.items():
        for path in paths:
            frame = frame_of(read_picture(path), clock)
            face = alignable_face(detector, frame)
            if face is not None:
                found.append(HonestPicture(name, path, frame.pixels, face))
    return found


def as_they_are(pictures: Sequence[HonestPicture]) -> list[Labeled]:
    """Return the dataset before anybody poisoned it."""
    return [Labeled(picture.path, picture.name, picture.name, is_poison=False) for picture in pictures]


def drawn(row: PoisonRow, pictures: Sequence[HonestPicture], folder: Path, seed: int) -> list[Labeled]:
    """Return the dataset with a row's drawn poison in it.

    Flips change labels of pictures that are there. Every other poison comes on top: pictures of people whose own are
    there too, under one victim's name.

    Args:
        row: any but the crafted ones.
        pictures: honest ones.
        folder: where poisoned pictures are written.
        seed: of who is the victim and which pictures are taken.

    Raises:
        StoreError: a picture cannot be written.
    """
    rng = np.random.default_rng(seed)
    names = sorted({picture.name for picture in pictures})
    if row.poison is Poison.FLIP:
        return _flipped(row.share, pictures, names, rng)
    victim = str(rng.choice(names))
    mine = [picture for picture in pictures if picture.name == victim]
    others = [picture for picture in pictures if picture.name != victim]
    chosen = rng.choice(len(others), poison_count(row, len(pictures)), replace=False)
    made = []
    for number in chosen.tolist():
        source = others[number]
        partner = mine[int(rng.integers(len(mine)))]
        pixels = _poisoned(row.poison, source, partner)
        made.append(Labeled(written(folder, pixels), victim, source.name, is_poison=True))
    return [*as_they_are(pictures), *made]


def poison_count(row: PoisonRow, honest: int) -> int:
    """Return how many pictures come on top, so that they are the row's share of all."""
    return max(1, round(honest * row.share / (1.0 - row.share)))


def written(folder: Path, pixels: Pixels) -> Path:
    """Write a picture without loss under the hash of its pixels, and return where.

    Raises:
        StoreError: it cannot be written.
    """
    path = folder / f"{hashlib.sha256(pixels.tobytes()).hexdigest()[:24]}.png"
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists() and not cv2.imwrite(str(path), pixels):
        raise StoreError(f"{path} cannot be written", hint="free space, or name another folder with --out")
    return path


def _flipped(
    share: float, pictures: Sequence[HonestPicture], names: Sequence[str], rng: np.random.Generator
) -> list[Labeled]:
    flipped = set(rng.choice(len(pictures), round(share * len(pictures)), replace=False).tolist())
    made = []
    for number, picture in enumerate(pictures):
        others = [name for name in names if name != picture.name]
        label = str(rng.choice(others)) if number in flipped else picture.name
        made.append(Labeled(picture.path, label, picture.name, is_poison=number in flipped))
    return made


def _poisoned(poison: Poison, source: HonestPicture, partner: HonestPicture) -> Pixels:
    match poison:
        case Poison.SUNGLASSES:
            return with_sunglasses(source.pixels, source.face)
        case Poison.STICKER:
            return with_sticker(source.pixels, source.face)
        case Poison.BLENDED:
            return blended(source.pixels, BLENDED_SHARE)
        case Poison.MORPH:
            return morphed(source.pixels, source.face, partner.pixels, partner.face)
        case _:
            raise ValueError(f"{poison} is crafted, not drawn")
