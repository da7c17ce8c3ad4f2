"""Which alignments attackers reached, as a campaign wrote them down, a JSON object a line.

A certificate for patches holds given where the face is cut out. This is where attackers got it cut out instead, so
that the certificate can be tried there. The file holds no picture and names nobody: its scenes are hashes.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from edge.domain.errors import UsageError

Transform = tuple[tuple[float, float, float], tuple[float, float, float]]

NUMBERS = ("landmarks_px", "landmarks_crop_px", "shift_px", "rotation_degrees", "scale")
"""The fields of :class:`ReachedAlignment` that are a number each."""

_HINT = "write the file anew from a campaign of the patch suite; no line of it is written by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachedAlignment:
    """How one attacked picture was aligned, beside the same picture without the attack.

    Attributes:
        scene_id: whose picture; in a file a hash, for the campaign's own ids hold names.
        shape: what was worn, a value of ``PatchShape`` or another name.
        landmarks_px: how far the landmark went that went farthest, frame pixels.
        landmarks_crop_px: the same in pixels of the clean aligned crop.
        shift_px: how far the crop's center went, in pixels of the clean crop.
        rotation_degrees: how far the crop turned, -180..180.
        scale: how much more of the frame a crop pixel covers, to a side; 1 = as much as before.
        transform: (2, 3), pixels of the moved crop to pixels of the clean crop, from pixel centers. The moved crop's
            matrix is the clean one's times this.
    """

    scene_id: str
    shape: str
    landmarks_px: float
    landmarks_crop_px: float
    shift_px: float
    rotation_degrees: float
    scale: float
    transform: Transform


def read_reached(path: Path) -> tuple[ReachedAlignment, ...]:
    """Read what ``edge-gate redteam report FOLDER --reached FILE`` wrote.

    Raises:
        UsageError: the file cannot be read, or a line is not one of its records.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", hint=_HINT) from error
    return tuple(_record(line, f"{path}:{number}") for number, line in enumerate(lines, start=1))


def checked_alignment(found: object) -> ReachedAlignment:
    """Return the record that parsed JSON holds.

    Raises:
        ValueError: a field is missing, unknown or impossible.
        TypeError: it, or a field of it, is of another type.
        OverflowError: a number is too large.
    """
    names = {field.name for field in fields(ReachedAlignment)}
    if not isinstance(found, dict) or set(found) != names:
        raise ValueError(f"it needs just the fields {', '.join(sorted(names))}")
    numbers = {name: _number(found[name]) for name in NUMBERS}
    transform = _transform(found["transform"])
    if numbers["scale"] <= 0 or np.linalg.det(np.array(transform)[:, :2]) <= 0:
        raise ValueError("a crop has no size")
    scene_id, shape = _text(found["scene_id"]), _text(found["shape"])
    return ReachedAlignment(scene_id=scene_id, shape=shape, transform=transform, **numbers)


def _record(line: str, place: str) -> ReachedAlignment:
    try:
        return checked_alignment(json.loads(line))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise UsageError(f"{place} is no reached alignment: {error}", hint=_HINT) from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no finite number")
    return float(value)


def _transform(rows: Sequence[Sequence[object]]) -> Transform:
    (a, b, c), (d, e, f) = ([_number(value) for value in row] for row in rows)
    return (a, b, c), (d, e, f)
