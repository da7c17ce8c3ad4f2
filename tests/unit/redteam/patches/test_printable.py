"""Photographs of a printed patch: clean around it, the picture itself where nothing is off, and possible to climb."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.face import Box, Face
from edge.vision.align import ARCFACE_TEMPLATE

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from redteam.attacks.base import gain_and_gradient, gain_of  # noqa: E402
from redteam.attacks.budget import Painted  # noqa: E402
from redteam.attacks.gradient import MomentumFGSM  # noqa: E402
from redteam.patches.printable import (  # noqa: E402
    BLACKEST,
    WHITEST,
    Photographer,
    PrintablePaint,
    PrintedObjective,
    PrintError,
    total_variation,
)
from redteam.patches.shapes import PatchShape, patch_masks  # noqa: E402

Tensor = Any

ALL = slice(0, 2)
EXACT = PrintError(
    rotation_degrees=0.0,
    shift_px=0.0,
    scale=0.0,
    perspective=0.0,
    gain=0.0,
    gamma=0.0,
    brightness=0.0,
    blur_px=0.0,
    noise=0.0,
)


def face(center: tuple[float, float]) -> Face:
    points = (ARCFACE_TEMPLATE - 55.5) + center
    return Face(frame_seq=1, box=Box(0, 0, 80, 100), landmarks=points.astype(np.float32), score=0.9)


FACES = [face((66.0, 60.0)), face((60.0, 70.0))]


class _Target:
    """Highest where the frame is the wanted one."""

    def __init__(self) -> None:
        self._wanted = torch.rand((2, 3, 1, 1), generator=torch.Generator().manual_seed(2)) * 200 + 30
        self.advanced = 0

    def gain(self, frames: Tensor, rows: slice) -> Tensor:
        return -((frames - self._wanted[rows]) / 255).square().mean(dim=(1, 2, 3))

    def advance(self) -> None:
        self.advanced += 1


def _painted(kind: type[Painted] = Painted) -> tuple[Painted, Tensor]:
    generator = torch.Generator().manual_seed(1)
    clean = torch.randint(0, 256, (2, 3, 128, 132), generator=generator).float()
    budget = kind(clean, patch_masks(PatchShape.EYE_BAND, FACES, 128, 132))
    noise = torch.rand(clean.shape, generator=generator) * 255
    return budget, budget.project(noise)


def _near(masks: Tensor, px: int) -> Tensor:
    return torch.nn.functional.max_pool2d(masks.float(), 2 * px + 1, stride=1, padding=px) > 0


def test_an_exact_photograph_is_the_picture() -> None:
    budget, frames = _painted()
    photograph = Photographer(budget, FACES, EXACT, seed=1).photograph(frames, ALL)
    assert torch.allclose(photograph, frames, atol=0.05)


def test_exact_draws_ask_the_plain_objective() -> None:
    budget, frames = _painted()
    plain = _Target()
    printed = PrintedObjective(plain, budget, FACES, error=EXACT, draws=2, tv_weight=0.0, seed=1)
    assert torch.allclose(printed.gain(frames, ALL), plain.gain(frames, ALL), atol=1e-4)


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10_000))
def test_everything_off_the_patch_stays_clean(seed: int) -> None:
    budget, frames = _painted()
    photographer = Photographer(budget, FACES, PrintError(), seed=seed)
    photograph = photographer.photograph(frames + 50 * ~budget.masks, ALL)
    away = ~_near(budget.masks, 9).expand_as(frames)
    assert bool((photograph[away] == budget.clean[away]).all())
    assert float(photograph.min()) >= 0
    assert float(photograph.max()) <= 255
    assert not torch.allclose(photograph, frames, atol=5)


def test_gradients_flow_into_the_patch_alone() -> None:
    budget, frames = _painted()
    objective = PrintedObjective(_Target(), budget, FACES, seed=3)
    _, gradient = gain_and_gradient(objective, frames)
    inside = budget.masks.expand_as(gradient)
    assert bool((gradient[~inside] == 0).all())
    assert float((gradient[inside] != 0).float().mean()) > 0.9
    assert bool(gradient.isfinite().all())


@pytest.mark.parametrize("value", [0.0, 255.0])
def test_black_and_white_have_finite_gradients(value: float) -> None:
    budget, _ = _painted()
    frames = budget.project(torch.full_like(budget.clean, value))
    _, gradient = gain_and_gradient(PrintedObjective(_Target(), budget, FACES, seed=3), frames)
    assert bool(gradient.isfinite().all())


@pytest.mark.parametrize(
    "only",
    [
        {"rotation_degrees": 5.0},
        {"shift_px": 3.0},
        {"scale": 0.1},
        {"perspective": 0.1},
        {"gain": 0.2},
        {"gamma": 0.3},
        {"brightness": 20.0},
        {"blur_px": 1.0},
        {"noise": 10.0},
    ],
)
def test_every_error_shows(only: dict[str, float]) -> None:
    budget, frames = _painted()
    photographer = Photographer(budget, FACES, replace(EXACT, **only), seed=4)
    changes = []
    for _ in range(5):
        changes.append((photographer.photograph(frames, ALL) - frames).abs().amax(dim=(1, 2, 3)))
        photographer.advance()
    assert float(torch.stack(changes).amax(dim=0).min()) > 1.0


def test_a_shift_moves_the_patch_by_so_much() -> None:
    budget, _ = _painted()
    frames = budget.project(torch.full_like(budget.clean, 200.0))
    grays = Painted(torch.zeros_like(budget.clean), budget.masks)
    photographer = Photographer(grays, FACES, replace(EXACT, shift_px=4.0), seed=4)
    moved = photographer.photograph(frames, ALL)[:, 0]
    for mask, photograph in zip(budget.masks[:, 0], moved, strict=True):
        at = mask.nonzero().double().mean(dim=0)
        spots = torch.stack(torch.meshgrid(torch.arange(128.0), torch.arange(132.0), indexing="ij"), dim=2)
        then = (spots * photograph[:, :, None]).sum(dim=(0, 1)) / photograph.sum()
        assert 0.1 < float((then - at).abs().max()) <= 4.01


def test_a_step_sees_the_same_photograph_until_it_is_over_in_whatever_parts_it_looks() -> None:
    budget, frames = _painted()
    inner = _Target()
    objective = PrintedObjective(inner, budget, FACES, draws=3, seed=5)
    first = gain_of(objective, frames)
    parts = torch.cat([objective.gain(frames[i : i + 1], slice(i, i + 1)) for i in range(2)])
    assert torch.allclose(first, parts, atol=1e-6)
    objective.advance()
    assert not torch.allclose(first, gain_of(objective, frames), atol=1e-6)
    assert inner.advanced == 1


def test_draws_differ_and_repeat_for_a_seed() -> None:
    budget, frames = _painted()
    one, same, other = (Photographer(budget, FACES, PrintError(), seed=s).photograph(frames, ALL) for s in (1, 1, 2))
    assert bool((one == same).all())
    assert not torch.allclose(one, other, atol=1.0)


def test_an_attack_climbs_it_with_colors_that_print() -> None:
    budget, _ = _painted(PrintablePaint)
    objective = PrintedObjective(_Target(), budget, FACES, tv_weight=0.02, seed=6)
    before = gain_of(objective, budget.start(torch.Generator().manual_seed(1)))
    found = MomentumFGSM(20, has_decaying_steps=True)(objective, budget, seed=1)
    inside = found[budget.masks.expand_as(found)]
    assert bool((gain_of(objective, found) > before).all())
    assert float(inside.min()) >= BLACKEST
    assert float(inside.max()) <= WHITEST
    assert bool((found == found.round()).all())


def test_total_variation_counts_steps_within_the_patch_only() -> None:
    masks = torch.zeros((2, 1, 8, 8), dtype=torch.bool)
    masks[:, :, 2:6, 2:6] = True
    frames = torch.rand((2, 3, 8, 8), generator=torch.Generator().manual_seed(0)) * 255
    frames[0, :, 2:6, 2:6] = 77.0
    frames[1, :, 2:6, 2:6] = 255.0 * (torch.arange(4)[:, None] % 2)
    assert total_variation(frames, masks).tolist() == pytest.approx([0.0, 0.5])
    assert total_variation(frames, torch.zeros_like(masks)).tolist() == [0.0, 0.0]


def test_no_draws_at_all_are_refused() -> None:
    budget, _ = _painted()
    with pytest.raises(ValueError, match="draw"):
        PrintedObjective(_Target(), budget, FACES, draws=0, seed=0)


def test_an_empty_patch_changes_nothing() -> None:
    clean = torch.full((2, 3, 128, 132), 9.0)
    budget = Painted(clean, torch.zeros((2, 1, 128, 132), dtype=torch.bool))
    assert bool((Photographer(budget, FACES, PrintError(), seed=0).photograph(clean + 9, ALL) == clean).all())
