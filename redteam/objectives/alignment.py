"""Where an attacker believes the gate will cut the face out of an attacked frame."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from edge.domain.face import Face
from edge.vision.align import crop_geometry
from engines.catalog import find_spec
from redteam.twins.detector import DetectorTwin
from redteam.twins.geometry import matrices as crop_matrices

_SHARE_OF_ALIGNMENT = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Crops in frames.

    Attributes:
        matrices: crop to frame, float (n, 2, 3), by model id.
        penalty: float32 (n,), how far the faces are from being found at all; 0 = they are found.
    """

    matrices: Mapping[str, Tensor]
    penalty: Tensor


class Aligner(Protocol):
    """Finds the crops of attacked frames."""

    def align(self, frames: Tensor, rows: slice) -> Alignment:
        """Return the alignment of frames (m, 3, h, w), which are the rows ``rows`` of all."""
        ...

    def advance(self) -> None:
        """Draw anew whatever is random."""
        ...


class FrozenAligner:
    """The crops of the clean frames, whatever is done to them. Right for small changes; a labeled assumption else.

    Args:
        faces: the clean faces, a row a frame.
        model_ids: whose crops are wanted.
    """

    def __init__(self, faces: Sequence[Face], model_ids: Sequence[str]) -> None:
        self.clean = {m: _stacked(faces, m) for m in model_ids}

    def align(self, frames: Tensor, rows: slice) -> Alignment:
        """Return the clean alignment."""
        return Alignment({m: matrices[rows] for m, matrices in self.clean.items()}, torch.zeros(len(frames)))

    def advance(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Jitter:
    """How far the gate's aligner may land from where the attacker thinks, evenly either way.

    Attributes:
        shift_px: of the crop, in its pixels.
        rotation_degrees: about its center.
        scale: relative.
    """

    shift_px: float = 1.0
    rotation_degrees: float = 1.0
    scale: float = 0.02


class JitteredAligner:
    """The clean crops, moved about anew at every step: what is found holds for a detector that wavers.

    Args:
        faces: the clean faces.
        model_ids: whose crops are wanted.
        jitter: how far.
        seed: of the draws.
    """

    def __init__(self, faces: Sequence[Face], model_ids: Sequence[str], jitter: Jitter, *, seed: int) -> None:
        self._frozen = FrozenAligner(faces, model_ids)
        self._jitter = jitter
        self._generator = torch.Generator().manual_seed(seed)
        self._moves = self._draw(len(faces))
        self._sides = {m: find_spec(m).input.side for m in model_ids}

    def align(self, frames: Tensor, rows: slice) -> Alignment:
        """Return the clean alignment under this step's moves."""
        moved = {
            m: clean[rows] @ _moves_of(self._moves[rows], self._sides[m]) for m, clean in self._frozen.clean.items()
        }
        return Alignment(moved, torch.zeros(len(frames)))

    def advance(self) -> None:
        """Draw new moves."""
        self._moves = self._draw(len(self._moves))

    def _draw(self, count: int) -> Tensor:
        reach = [self._jitter.shift_px] * 2 + [math.radians(self._jitter.rotation_degrees), self._jitter.scale]
        return (torch.rand((count, 4), generator=self._generator).double() * 2 - 1) * torch.tensor(reach).double()


class DetectingAligner:
    """The detector looks at every attacked frame, as the gate's will.

    Args:
        detector: the twin of the gate's detector.
        faces: the clean faces; the detection nearest to each is followed.
        model_ids: whose crops are wanted.
        least_score: detector score that an attacked face must keep, with some room above the gate's threshold.
        aims_at_landmarks: whether gradients pass through the detector. A patch can move landmarks and gains by it;
            small noise cannot, and the detector's gradient, large and rough, only drowns the models'.
    """

    def __init__(
        self,
        detector: DetectorTwin,
        faces: Sequence[Face],
        model_ids: Sequence[str],
        *,
        least_score: float,
        aims_at_landmarks: bool,
    ) -> None:
        self._detector = detector
        boxes = [(f.box.x, f.box.y, f.box.width, f.box.height) for f in faces]
        self._near = torch.tensor(boxes, dtype=torch.float32)
        self._recipes = {m: find_spec(m).crop for m in model_ids}
        self._least_score = least_score
        self._aims_at_landmarks = aims_at_landmarks

    def align(self, frames: Tensor, rows: slice) -> Alignment:
        """Return what the detector sees, and by how much its score is too low."""
        if self._aims_at_landmarks:
            return self._look(_damped(frames), rows)
        with torch.no_grad():
            seen = self._look(frames, rows)
        if not bool(seen.penalty.any()):
            return seen
        # A face that is about to be lost has to be found again before anything else counts.
        return replace(seen, penalty=self._look(frames, rows).penalty)

    def advance(self) -> None:
        """Do nothing: a detector does not waver on one frame."""

    def _look(self, frames: Tensor, rows: slice) -> Alignment:
        seen = self._detector.look(frames, self._near[rows])
        found = {m: crop_matrices(recipe, seen.boxes, seen.landmarks) for m, recipe in self._recipes.items()}
        return Alignment(found, (self._least_score - seen.scores).clamp_min(0.0))


def _stacked(faces: Sequence[Face], model_id: str) -> Tensor:
    recipe = find_spec(model_id).crop
    return torch.stack([torch.from_numpy(crop_geometry(recipe, face).matrix) for face in faces])


def _damped(frames: Tensor) -> Tensor:
    """Return the same frames, through which gradients pass at a share: undamped, alignment outshouts likeness."""
    return _SHARE_OF_ALIGNMENT * frames + (1 - _SHARE_OF_ALIGNMENT) * frames.detach()


def _moves_of(moves: Tensor, side: int) -> Tensor:
    """Return similarities of a crop about its own center, float64 (n, 3, 3), of shift x, y, angle and growth."""
    middle = (side - 1) / 2
    shift_x, shift_y, angle, growth = moves.unbind(1)
    cos, sin = (1 + growth) * angle.cos(), (1 + growth) * angle.sin()
    zero, one = torch.zeros_like(cos), torch.ones_like(cos)
    rows = (
        torch.stack([cos, -sin, middle - cos * middle + sin * middle + shift_x], dim=1),
        torch.stack([sin, cos, middle - sin * middle - cos * middle + shift_y], dim=1),
        torch.stack([zero, zero, one], dim=1),
    )
    return torch.stack(rows, dim=1)
