"""Which alignments attackers reached: how far patches moved the landmarks, and with them the aligned crop.

What is measured here :mod:`calibration.certificate.reached` reads, to try the certificate for patches there.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np
import torch

from calibration.certificate.reached import NUMBERS, ReachedAlignment
from edge.domain.errors import UsageError
from edge.vision.align import AlignmentError, template_to_frame
from redteam.twins.geometry import alignment_shift

Landmarks = Sequence[Sequence[float]]

_HASH_DIGITS = 16


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
    (a, b, c), (d, e, f) = moved.tolist()
    return ReachedAlignment(
        scene_id=scene_id,
        shape=shape,
        landmarks_px=farthest,
        landmarks_crop_px=farthest / crop_px,
        shift_px=shift.shift_px,
        rotation_degrees=shift.rotation_degrees,
        scale=shift.scale,
        transform=((a, b, c), (d, e, f)),
    )


def write_reached(reached: Iterable[ReachedAlignment], path: Path) -> None:
    """Write one JSON object a line, such as to ``reached.jsonl``.

    Scenes are named by a hash, for their ids hold the names of people: whoever has the campaign finds a scene again,
    and whoever has the file alone reads no name.

    Raises:
        UsageError: the file cannot be written.
    """
    nameless = (replace(each, scene_id=_hashed(each.scene_id)) for each in reached)
    try:
        path.write_text("".join(json.dumps(asdict(each)) + "\n" for each in nameless), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error}", hint="name another file") from error


def summary(reached: Sequence[ReachedAlignment]) -> Mapping[str, Spread]:
    """Return median and maximum of each number, by name; nothing of nothing.

    Rotations count by size, and scales by how far they are from 1 either way: 0.8 and 1.25 are both 1.25.
    """
    columns = {name: [getattr(each, name) for each in reached] for name in NUMBERS}
    columns["rotation_degrees"] = [abs(degrees) for degrees in columns["rotation_degrees"]]
    columns["scale"] = [max(scale, 1 / scale) for scale in columns["scale"]]
    return {name: Spread(median(values), max(values)) for name, values in columns.items() if values}


def _hashed(scene_id: str) -> str:
    return hashlib.sha256(scene_id.encode()).hexdigest()[:_HASH_DIGITS]
