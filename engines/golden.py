"""Golden pictures and what the fp32 models make of them, so that a device can prove an engine without a reference.

``golden/outputs.npz`` holds, for each embedder, its raw outputs for :func:`embedder_pictures` in order (key
``MODEL``), and for the detector, by size, its rows above ``ROW_SCORE`` on :func:`detector_picture` (key
``MODEL/WIDTHxHEIGHT``: head stride, row, score, then x, y, width, height and five points x, y, in pixels).
``scripts/make_golden.py`` makes all of it; ``golden/README.md`` tells where the portraits come from.
"""

import hashlib
import io
import zipfile
from functools import cache
from importlib import resources

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.catalog import ModelSpec
from engines.errors import EngineError, IntegrityError
from engines.render.spec import ChannelOrder
from engines.runtime.base import FloatArray

Picture = NDArray[np.uint8]

PICTURE_NAMES = ("hopper", "astronaut", "hopper-mirrored", "astronaut-dim", "blobs", "noise", "ramps", "gray")
"""Names of the embedders' pictures, in order. The first two are different people."""

ROW_SCORE = 0.1
"""Detector rows with a lower score are not stored."""

_HINT = "the golden data ships with the program: install it again"


def embedder_pictures(side: int) -> tuple[Picture, ...]:
    """Return the golden pictures of an input size, uint8 RGB (side, side, 3), named by ``PICTURE_NAMES``.

    Raises:
        EngineError: there are none of that size.
        IntegrityError: a file is damaged.
    """
    hopper, astronaut = (_read_png(f"{name}-{side}.png") for name in PICTURE_NAMES[:2])
    return (
        hopper,
        astronaut,
        np.ascontiguousarray(hopper[:, ::-1]),
        astronaut // 2 + 16,
        _blobs(side),
        _noise(side),
        _ramps(side),
        np.full((side, side, 3), 127, np.uint8),
    )


def detector_picture(size: tuple[int, int]) -> Picture:
    """Return the golden picture of a detector size: uint8 RGB (height, width, 3), faces of several sizes.

    The stored scene is halved for small sizes, doubled for large ones, and repeated until the picture is full.

    Raises:
        IntegrityError: the file is damaged.
    """
    width, height = size
    scene = _read_png("scene-320.png")
    if min(size) < 192:
        blocks = scene.reshape(160, 2, 160, 2, 3).astype(np.uint16).sum(axis=(1, 3))
        scene = ((blocks + 2) // 4).astype(np.uint8)
    elif min(size) > 640:
        scene = scene.repeat(2, axis=0).repeat(2, axis=1)
    tiles = (-(-height // scene.shape[0]), -(-width // scene.shape[1]), 1)
    return np.ascontiguousarray(np.tile(scene, tiles)[:height, :width])


def batch_from_pictures(spec: ModelSpec, pictures: tuple[Picture, ...]) -> FloatArray:
    """Return an engine's input of uint8 RGB pictures: float32 (count, 3, height, width), normalized as it asks."""
    stacked = np.stack(pictures)
    ordered = stacked if spec.input.order is ChannelOrder.RGB else stacked[..., ::-1]
    planes = ordered.transpose(0, 3, 1, 2).astype(np.float32)
    return np.ascontiguousarray((planes - np.float32(spec.input.mean)) * np.float32(spec.input.scale))


def expected(spec: ModelSpec, size: tuple[int, int]) -> FloatArray:
    """Return the stored fp32 outputs of a model at a size (width, height), as this module's docstring lays them out.

    Raises:
        EngineError: there are none.
        IntegrityError: the file is damaged.
    """
    key = expected_key(spec, size)
    stored = _outputs()
    if key not in stored:
        raise EngineError(f"there are no golden outputs for {key}", hint="run scripts/make_golden.py for this model")
    return stored[key]


def expected_key(spec: ModelSpec, size: tuple[int, int]) -> str:
    """Return the name under which golden outputs are stored."""
    return spec.id if spec.dimension else f"{spec.id}/{size[0]}x{size[1]}"


@cache
def _outputs() -> dict[str, FloatArray]:
    try:
        with np.load(io.BytesIO(_file("outputs.npz"))) as stored:
            return {name: stored[name].astype(np.float32) for name in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise IntegrityError(f"the golden outputs are damaged: {error}", hint=_HINT) from error


def _file(name: str) -> bytes:
    try:
        return resources.files("engines").joinpath("golden", name).read_bytes()
    except OSError as error:
        raise EngineError(f"golden/{name} is not there", hint=_HINT) from error


def _read_png(name: str) -> Picture:
    data = np.frombuffer(_file(name), np.uint8)
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if decoded is None:
        raise IntegrityError(f"golden/{name} is damaged", hint=_HINT)
    return np.ascontiguousarray(decoded[..., ::-1]).astype(np.uint8)


def _noise(side: int) -> Picture:
    """Return noise that is the same on every machine and for all time."""
    drawn = hashlib.shake_256(b"edge-gate golden noise").digest(side * side * 3)
    return np.frombuffer(drawn, np.uint8).reshape(side, side, 3).copy()


def _ramps(side: int) -> Picture:
    """Return red from left to right, green from top to bottom, blue in steps along the diagonal."""
    rows, columns = np.mgrid[:side, :side]
    steps = (rows + columns) // 16 % 2 * 255
    return np.stack([columns * 255 // (side - 1), rows * 255 // (side - 1), steps], axis=-1).astype(np.uint8)


def _blobs(side: int) -> Picture:
    """Return ellipses where a face has its oval, eyes, nose and mouth."""
    rows, columns = np.mgrid[:side, :side] * 224 // side
    picture = np.full((side, side, 3), (96, 128, 160), np.uint8)
    for x, y, half_width, half_height, color in (
        (112, 112, 76, 98, (224, 172, 140)),
        (76, 92, 18, 9, (60, 40, 30)),
        (148, 92, 18, 9, (60, 40, 30)),
        (112, 124, 10, 20, (200, 140, 110)),
        (112, 168, 34, 11, (170, 60, 70)),
    ):
        inside = ((columns - x) * half_height) ** 2 + ((rows - y) * half_width) ** 2 <= (
            half_width * half_height
        ) ** 2
        picture[inside] = color
    return picture
