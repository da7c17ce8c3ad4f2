"""Whatever an attack does, what it returns lies in its budget and is an 8-bit picture."""

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from redteam.attacks.budget import LinfBall, Painted  # noqa: E402

Tensor = Any


def _frames(seed: int, count: int = 3) -> Tensor:
    return torch.randint(0, 256, (count, 3, 9, 7), generator=torch.Generator().manual_seed(seed)).float()


@given(st.floats(0.5, 64), st.integers(0, 1000))
def test_a_quantized_frame_is_whole_and_within_eps(eps: float, seed: int) -> None:
    clean = _frames(seed)
    ball = LinfBall(clean, eps)
    found = ball.quantized(clean + 300 * (torch.rand(clean.shape) - 0.5))
    assert bool((found == found.round()).all())
    assert float((found - clean).abs().max()) <= eps
    assert float(found.min()) >= 0
    assert float(found.max()) <= 255


def test_every_row_has_its_own_eps() -> None:
    clean = torch.full((2, 3, 4, 4), 100.0)
    ball = LinfBall(clean, torch.tensor([1.0, 8.0]))
    stepped = ball.step(clean, torch.ones_like(clean), 1.0)
    assert stepped[0].unique().tolist() == [101.0]
    assert stepped[1].unique().tolist() == [108.0]


@given(st.integers(0, 1000))
def test_a_painted_frame_differs_under_the_mask_alone(seed: int) -> None:
    clean = _frames(seed)
    masks = torch.zeros(3, 1, 9, 7, dtype=torch.bool)
    masks[:, :, 2:5, 1:4] = True
    budget = Painted(clean, masks)
    found = budget.quantized(budget.step(clean, torch.randn(clean.shape), 0.3))
    outside = ~masks.expand_as(clean)
    assert bool((found[outside] == clean[outside]).all())
    assert bool((found == found.round()).all())


def test_a_start_lies_in_the_budget() -> None:
    clean = _frames(1)
    ball = LinfBall(clean, 4.0)
    start = ball.start(torch.Generator().manual_seed(1))
    assert float((start - clean).abs().max()) <= 4.0
    assert not bool((start == clean).all())
