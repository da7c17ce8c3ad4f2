"""Where attackers believe the crop will be."""

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from edge.daemon.models import RECOGNIZERS  # noqa: E402
from edge.domain.face import Box, Face  # noqa: E402
from edge.vision.align import ARCFACE_TEMPLATE, crop_geometry  # noqa: E402
from engines.catalog import find_spec  # noqa: E402
from redteam.objectives.alignment import DetectingAligner, FrozenAligner, Jitter, JitteredAligner  # noqa: E402

Tensor = Any

FACE = Face(
    frame_seq=0,
    box=Box(60, 50, 90, 120),
    landmarks=(ARCFACE_TEMPLATE + 50).astype(np.float32),
    score=0.95,
)
ROWS = slice(0, 1)
FRAMES = torch.zeros(1, 3, 250, 250)


def test_frozen_crops_are_the_gates_own() -> None:
    alignment = FrozenAligner([FACE], RECOGNIZERS).align(FRAMES, ROWS)
    for model, matrices in alignment.matrices.items():
        assert np.allclose(matrices[0].numpy(), crop_geometry(find_spec(model).crop, FACE).matrix)
    assert alignment.penalty.tolist() == [0.0]


def test_without_jitter_nothing_moves_and_with_it_every_step_does() -> None:
    clean = FrozenAligner([FACE], RECOGNIZERS).align(FRAMES, ROWS).matrices
    still = JitteredAligner([FACE], RECOGNIZERS, Jitter(0, 0, 0), seed=1).align(FRAMES, ROWS).matrices
    assert all(torch.allclose(still[m], clean[m]) for m in RECOGNIZERS)
    moving = JitteredAligner([FACE], RECOGNIZERS, Jitter(), seed=1)
    first = moving.align(FRAMES, ROWS).matrices
    moving.advance()
    second = moving.align(FRAMES, ROWS).matrices
    assert not torch.allclose(first[RECOGNIZERS[0]], second[RECOGNIZERS[0]])
    assert float((first[RECOGNIZERS[0]] - clean[RECOGNIZERS[0]]).abs().max()) < 6


class _Detector:
    """Sees the face where it is, as sure as the frames are bright."""

    def look(self, frames: Tensor, near: Tensor) -> Any:
        from redteam.twins.detector import Sightings

        count = len(frames)
        return Sightings(
            boxes=near + frames.mean(dim=(1, 2, 3))[:, None] * 0,
            landmarks=torch.from_numpy(FACE.landmarks)[None].repeat(count, 1, 1) + frames.mean() * 0.01,
            scores=frames.mean(dim=(1, 2, 3)) / 255,
        )


def _aligner(*, aims: bool) -> DetectingAligner:
    detector: Any = _Detector()
    return DetectingAligner(detector, [FACE], RECOGNIZERS, least_score=0.5, aims_at_landmarks=aims)


def test_a_followed_face_has_no_gradient_until_it_is_about_to_be_lost() -> None:
    bright = torch.full((1, 3, 8, 8), 200.0, requires_grad=True)
    seen = _aligner(aims=False).align(bright, ROWS)
    assert not seen.penalty.requires_grad
    assert not any(m.requires_grad for m in seen.matrices.values())
    dim = torch.full((1, 3, 8, 8), 50.0, requires_grad=True)
    fading = _aligner(aims=False).align(dim, ROWS)
    assert not any(m.requires_grad for m in fading.matrices.values())
    (gradient,) = torch.autograd.grad(-fading.penalty.sum(), dim)
    assert float(gradient.min()) > 0


def test_who_aims_at_landmarks_gets_a_share_of_their_gradient() -> None:
    frames = torch.full((1, 3, 8, 8), 200.0, requires_grad=True)
    matrices = _aligner(aims=True).align(frames, ROWS).matrices[RECOGNIZERS[0]]
    (gradient,) = torch.autograd.grad(matrices.sum(), frames)
    assert float(gradient.abs().max()) > 0
