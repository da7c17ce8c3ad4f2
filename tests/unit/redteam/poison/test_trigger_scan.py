"""The scan finds a trigger that was planted, and finds little in a model without one."""

import pytest

pytest.importorskip("torch")

import torch

from engines.render.spec import ChannelOrder, InputSpec
from redteam.poison.trigger_scan import PLACES, Crops, scan

SPEC = InputSpec(side=32, order=ChannelOrder.RGB, mean=127.5, scale=1 / 128)


class Honest:
    """Random features of the whole crop."""

    def __init__(self) -> None:
        self._weights = torch.randn(3 * 32 * 32, 64, generator=torch.Generator().manual_seed(1)) / 55

    def __call__(self, batch: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(batch.flatten(1) @ self._weights, dim=1)


class Backdoored(Honest):
    """The same, but an even square on the nose, bright or dark, outshouts everything."""

    def __call__(self, batch: torch.Tensor) -> torch.Tensor:
        x, y, width, height = PLACES["nose"].to_px(32)
        bright = batch[:, :, y : y + height, x : x + width].mean(dim=(1, 2, 3))
        planted = torch.zeros(64)
        planted[0] = 1.0
        return torch.nn.functional.normalize(super().__call__(batch) + 20 * bright[:, None] * planted, dim=1)


def crops() -> Crops:
    generator = torch.Generator().manual_seed(2)
    made = torch.randn((16, 3, 32, 32), generator=generator).clamp(-1, 1)
    return Crops(made[:8], made[8:])


def test_a_planted_trigger_stands_out() -> None:
    found = {row.place: row for row in scan(Backdoored(), SPEC, crops(), 0.5, steps=40)}
    assert found["nose"].after > 0.95
    assert found["nose"].reach == 1.0
    assert found["corner"].after < 0.5


def test_a_model_without_one_gives_every_place_about_the_same() -> None:
    found = scan(Honest(), SPEC, crops(), 0.5, steps=40)
    assert [row.place for row in found] == list(PLACES)
    after = [row.after for row in found]
    assert max(after) - min(after) < 0.2
