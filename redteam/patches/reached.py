"""Which alignments attackers reached: how far patches moved the landmarks, and with them the aligned crop.

A certificate for patches holds given where the face is cut out. What is recorded here is where attackers got it cut
out instead, a JSON object a line, so that the certificate can be tried at those alignments.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median

import numpy as np
import torch

from edge.domain.errors import UsageError
from edge.vision.align import AlignmentError, template_to_frame
from redteam.twins.geometry import alignment_shift

Landmarks = Sequence[Sequence[float]]
Transform = tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachedAlignment:
    """How one attacked picture was aligned, beside the same picture without the attack.

    Attributes:
        scene_id: whose picture.
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


_NUMBERS = ("landmarks_px", "landmarks_crop_px", "shift_px", "rotation_degrees", "scale")
_HINT = "write the file anew with the campaign's patch suite; no line of it is written by hand"


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle and the end of some numbers."""

    median: float
    most: float


def reached_alignment(
    scene_id: str, shape: str, clean: Landmarks, attacked: Landmarks | None
) -> ReachedAlignment | None:
    """Compare where the detector sees a face without and with the attack.

    Args:
        scene_id: whose picture.
        shape: what was worn.
        clean: five landmarks (x, y) without the attack, frame pixels.
        attacked: five with it, as ``redteam.judge.Judgement.landmarks`` has them; None = no face was found.

    Returns:
        None where the gate aligns nothing: no face, or landmarks that fit none.

    Raises:
        AlignmentError: the clean landmarks fit no face.
    """
    before = np.asarray(clean, dtype=np.float32)
    at_first = template_to_frame(before)
    if attacked is None:
        return None
    after = np.asarray(attacked, dtype=np.float32)
    try:
        at_last = template_to_frame(after)
    except AlignmentError:
        return None
    shift = alignment_shift(torch.from_numpy(at_first), torch.from_numpy(at_last))
    farthest = float(np.linalg.norm(after.astype(np.float64) - before, axis=1).max())
    crop_px = math.sqrt(abs(float(np.linalg.det(at_first[:, :2]))))
    back = np.linalg.inv(at_first[:, :2])
    moved = np.column_stack([back @ at_last[:, :2], back @ (at_last[:, 2] - at_first[:, 2])])
    return ReachedAlignment(
        scene_id=scene_id,
        shape=shape,
        landmarks_px=farthest,
        landmarks_crop_px=farthest / crop_px,
        shift_px=shift.shift_px,
        rotation_degrees=shift.rotation_degrees,
        scale=shift.scale,
        transform=_transform(moved.tolist()),
    )


def write_reached(reached: Iterable[ReachedAlignment], path: Path) -> None:
    """Write one JSON object a line, such as to ``reached.jsonl``."""
    path.write_text("".join(json.dumps(asdict(each)) + "\n" for each in reached), encoding="utf-8")


def read_reached(path: Path) -> tuple[ReachedAlignment, ...]:
    """Read what :func:`write_reached` wrote.

    Raises:
        UsageError: the file cannot be read, or a line is not one of its records.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", hint=_HINT) from error
    return tuple(_record(line, f"{path}:{number}") for number, line in enumerate(lines, start=1))


def summary(reached: Sequence[ReachedAlignment]) -> Mapping[str, Spread]:
    """Return median and maximum of each number, by name; nothing of nothing.

    Rotations count by size, and scales by how far they are from 1 either way: 0.8 and 1.25 are both 1.25.
    """
    columns = {name: [getattr(each, name) for each in reached] for name in _NUMBERS}
    columns["rotation_degrees"] = [abs(degrees) for degrees in columns["rotation_degrees"]]
    columns["scale"] = [max(scale, 1 / scale) for scale in columns["scale"]]
    return {name: Spread(median(values), max(values)) for name, values in columns.items() if values}


def _record(line: str, place: str) -> ReachedAlignment:
    try:
        return _checked(json.loads(line))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise UsageError(f"{place} is no reached alignment: {error}", hint=_HINT) from error


def _checked(found: object) -> ReachedAlignment:
    """Return the record of a parsed line; ValueError or TypeError where it is none."""
    names = {field.name for field in fields(ReachedAlignment)}
    if not isinstance(found, dict) or set(found) != names:
        raise ValueError(f"it needs just the fields {', '.join(sorted(names))}")
    numbers = {name: _number(found[name]) for name in _NUMBERS}
    transform = _transform(found["transform"])
    if numbers["scale"] <= 0 or np.linalg.det(np.array(transform)[:, :2]) <= 0:
        raise ValueError("a crop has no size")
    scene_id, shape = _text(found["scene_id"]), _text(found["shape"])
    return ReachedAlignment(scene_id=scene_id, shape=shape, transform=transform, **numbers)


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
