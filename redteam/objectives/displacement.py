"""Displacement: how far an attacker gets the face cut out from where it is, whoever it is then taken for.

A certificate for patches holds given the alignment. This attacker asks how far that is from the clean one at worst,
so that the certificate can be tried there; nothing else is climbed, and the door is not expected to open.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from edge.domain.face import Face
from edge.vision.align import ARCFACE_TEMPLATE
from redteam.twins.detector import DetectorTwin
from redteam.twins.geometry import landmark_likeness, landmark_matrices, yaw_ratios

_LEAST_LIKENESS = 0.6  # the gate refuses landmarks below 0.5 as no face's
_SHARE_OF_ROOM = 0.1


class Displacement:
    """The mean squared way that the aligned crop carries the five landmarks, in pixels of the clean crop.

    The way is that of the template's five points, from where the clean crop has them to where the attacked one has
    them: what the fit of a similarity averages away moves no crop, and counts for nothing.

    Args:
        detector: the twin of the gate's detector.
        faces: the clean faces, a row a frame; the detection nearest to each is followed.
        least_score: detector score that an attacked face must keep, with some room above the gate's threshold.
        most_yaw_ratio: from which the gate takes a head to be turned away, and compares nothing.
    """

    def __init__(
        self, detector: DetectorTwin, faces: Sequence[Face], *, least_score: float, most_yaw_ratio: float
    ) -> None:
        self._detector = detector
        boxes = [(f.box.x, f.box.y, f.box.width, f.box.height) for f in faces]
        self._near = torch.tensor(boxes, dtype=torch.float32)
        self._clean = landmark_matrices(torch.stack([torch.from_numpy(f.landmarks) for f in faces]).double())
        self._least_score = least_score
        self._most_yaw_ratio = most_yaw_ratio * (1 - _SHARE_OF_ROOM)

    def gain(self, frames: Tensor, rows: slice) -> Tensor:
        """Return float32 (m,): square pixels; below 0 for a face that is about to be lost or refused.

        It gains by coming back and by nothing else: where the landmarks fit no face at all a crop can lie
        anywhere.
        """
        seen = self._detector.look(frames, self._near[rows])
        landmarks = seen.landmarks.double()
        away = _carried(self._clean[rows], landmark_matrices(landmarks)).square().sum(dim=2).mean(dim=1)
        faint = (self._least_score - seen.scores).clamp_min(0.0)
        strange = (_LEAST_LIKENESS - landmark_likeness(landmarks)).clamp_min(0.0)
        turned = (yaw_ratios(landmarks).abs() - self._most_yaw_ratio).clamp_min(0.0)
        lack = faint + strange + turned
        return torch.where(lack > 0, -lack, away).float()

    def advance(self) -> None:
        """Do nothing: a detector does not waver on one frame."""


def _carried(clean: Tensor, moved: Tensor) -> Tensor:
    """Return how far off ``moved`` crops (n, 2, 3) have the template's points, (n, 5, 2) in clean crop pixels."""
    template = torch.from_numpy(ARCFACE_TEMPLATE)
    there = torch.einsum("nij,kj->nki", moved[:, :, :2], template) + (moved[:, :, 2] - clean[:, :, 2])[:, None]
    return torch.einsum("nij,nkj->nki", torch.linalg.inv(clean[:, :, :2]), there) - template
