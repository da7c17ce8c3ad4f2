"""The location search finds the place where painting pays."""

from typing import Any

import numpy as np
import pytest

from edge.domain.face import Box, Face
from edge.vision.align import ARCFACE_TEMPLATE

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from redteam.patches.placement import best_rectangles, find_rectangles, gradient_masses  # noqa: E402
from redteam.patches.shapes import Rectangle, area_share, rectangle_masks  # noqa: E402

Tensor = Any


def face(scale: float, center: tuple[float, float]) -> Face:
    points = scale * (ARCFACE_TEMPLATE - 55.5) + center
    return Face(frame_seq=1, box=Box(0, 0, 80, 100), landmarks=points.astype(np.float32), score=0.9)


FACES = [face(1.0, (70.0, 64.0)), face(0.9, (60.0, 70.0))]
PLANTED = [Rectangle(20.0, 60.0, 32.0, 16.0), Rectangle(71.5, 15.5, 16.0, 32.0)]


class _Spot:
    """Rises with every pixel of a spot that turns white; a decoy is steep but has little room."""

    def __init__(self, spots: Tensor, decoys: Tensor | None = None) -> None:
        self._spots, self._decoys = spots.float(), decoys

    def gain(self, frames: Tensor, rows: slice) -> Tensor:
        gain = (frames * self._spots[rows]).mean(dim=(1, 2, 3))
        if self._decoys is not None:
            steep = (frames * self._decoys[rows]).mean(dim=(1, 2, 3))
            gain = gain + 0.03 * torch.tanh((steep - steep.detach()) * 40)
        return gain

    def advance(self) -> None: ...


def _frames() -> Tensor:
    return torch.full((2, 3, 128, 140), 100.0)


def _covered(found: Tensor, planted: Tensor) -> list[float]:
    return [float((a & b).sum() / b.sum()) for a, b in zip(found, planted, strict=True)]


def test_the_planted_place_is_found_on_each_face() -> None:
    planted = rectangle_masks(PLANTED, FACES, 128, 140)
    found = best_rectangles(_Spot(planted), FACES, _frames(), 32 * 16 / 112**2, candidates=2, steps=2)
    assert found.shape == (2, 1, 128, 140)
    assert min(_covered(found, planted)) > 0.7


def test_a_place_is_kept_for_what_it_gains_not_for_its_slope() -> None:
    planted = rectangle_masks(PLANTED, FACES, 128, 140)
    decoys = rectangle_masks([Rectangle(60.0, 80.0, 32.0, 16.0)] * 2, FACES, 128, 140)
    objective = _Spot(planted, decoys.float())
    steepest = best_rectangles(objective, FACES, _frames(), 32 * 16 / 112**2, candidates=1, steps=2)
    assert min(_covered(steepest, decoys)) > 0.7
    found = best_rectangles(objective, FACES, _frames(), 32 * 16 / 112**2, candidates=5, steps=2)
    assert min(_covered(found, planted)) > 0.5


@pytest.mark.parametrize("share", [0.05, 0.1, 0.4])
def test_rectangles_have_their_share_and_lie_on_the_aligned_face(share: float) -> None:
    planted = rectangle_masks(PLANTED, FACES, 128, 140)
    found = find_rectangles(_Spot(planted), FACES, _frames(), share, candidates=5, steps=1)
    for rectangle, mask, of in zip(found, rectangle_masks(found, FACES, 128, 140), FACES, strict=True):
        assert min(rectangle.x, rectangle.y) >= -0.5
        assert max(rectangle.x + rectangle.width, rectangle.y + rectangle.height) <= 111.5
        assert rectangle.width * rectangle.height == pytest.approx(share * 112**2, rel=0.05)
        assert area_share(mask, of) <= share * 1.05


def test_masses_are_squared_gradients_where_the_crop_lies() -> None:
    gradient = torch.zeros(1, 3, 112, 112)
    gradient[0, 1, 30, 40] = 3.0
    mass = gradient_masses(gradient, [face(1.0, (55.5, 55.5))])[0]
    assert float(mass[30, 40]) == pytest.approx(9.0, abs=1e-3)
    assert float(mass.sum()) == pytest.approx(9.0, abs=1e-2)


@pytest.mark.parametrize(
    ("share", "candidates", "steps"), [(0.6, 5, 1), (0.0, 5, 1), (1e-5, 5, 1), (0.1, 0, 1), (0.1, 5, 0)]
)
def test_a_search_for_nothing_is_refused(share: float, candidates: int, steps: int) -> None:
    objective = _Spot(torch.ones(2, 1, 128, 140))
    with pytest.raises(ValueError):
        find_rectangles(objective, FACES, _frames(), share, candidates=candidates, steps=steps)
