"""What rows may change, and that whoever prints is judged on a photograph."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from edge.domain.face import Box, Face  # noqa: E402
from edge.domain.match import SubjectRef  # noqa: E402
from edge.vision.align import ARCFACE_TEMPLATE  # noqa: E402
from redteam.attacks.budget import LinfBall, Painted  # noqa: E402
from redteam.campaign import paint  # noqa: E402
from redteam.campaign.arsenal import frames_of  # noqa: E402
from redteam.campaign.plan import SOUGHT, Attacker, Row  # noqa: E402
from redteam.patches.printable import BLACKEST, WHITEST, PrintablePaint, PrintedObjective  # noqa: E402
from redteam.patches.shapes import PatchShape, area_share  # noqa: E402
from redteam.scene import Goal, Scene  # noqa: E402

Tensor = Any
NOBODY: Any = None


def _scene(seed: int) -> Scene:
    landmarks = (ARCFACE_TEMPLATE + 8).astype(np.float32)
    return Scene(
        scene_id=f"scene-{seed}",
        goal=Goal.IMPERSONATION,
        pixels=np.random.default_rng(seed).integers(0, 256, (128, 132, 3), dtype=np.uint8),
        face=Face(frame_seq=1, box=Box(10, 10, 100, 110), landmarks=landmarks, score=0.9),
        victim=SubjectRef("victim"),
        wanted={},
        templates={},
        victim_picture=np.zeros((8, 8, 3), np.uint8),
    )


SCENES = [_scene(1), _scene(2)]


def _row(**changes: Any) -> Row:
    return Row(**{"attacker": Attacker.JOINT, "attack": "patch-2", "scenes": 2, **changes})


class _Brightness:
    """Rises with the mouth's brightness, and counts who asked."""

    def gain(self, frames: Tensor, rows: slice) -> Tensor:
        return frames[:, :, 95:105].mean(dim=(1, 2, 3))

    def advance(self) -> None: ...


@pytest.fixture
def objectives(monkeypatch: pytest.MonkeyPatch) -> list[_Brightness]:
    made: list[_Brightness] = []

    def objective_of(row: Row, scenes: Sequence[Scene], twins: Any, *, seed: int) -> _Brightness:
        made.append(_Brightness())
        return made[-1]

    monkeypatch.setattr(paint, "objective_of", objective_of)
    return made


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"eps": 4.0}, LinfBall),
        ({"patch": "glasses"}, Painted),
        ({"patch": "glasses", "is_printed": True}, PrintablePaint),
    ],
)
def test_a_row_names_its_budget(changes: dict[str, Any], kind: type) -> None:
    budget = paint.budget_of(_row(**changes), SCENES, NOBODY, seed=1)
    assert type(budget) is kind
    assert torch.equal(budget.clean, frames_of(SCENES))


@pytest.mark.parametrize("shape", PatchShape)
def test_every_shape_can_be_worn(shape: PatchShape) -> None:
    budget = paint.budget_of(_row(patch=shape.value), SCENES, NOBODY, seed=1)
    assert isinstance(budget, Painted)
    assert bool(budget.masks.any())


def test_the_sought_rectangle_has_its_share_and_lies_where_the_rows_own_objective_climbs(objectives: Any) -> None:
    budget = paint.budget_of(_row(patch=SOUGHT), SCENES, NOBODY, seed=1)
    assert isinstance(budget, Painted)
    for mask, scene in zip(budget.masks, SCENES, strict=True):
        assert area_share(mask, scene.face) == pytest.approx(0.1, rel=0.1)
        assert bool(mask[0, 95:105].any())
    assert len(objectives) == 1
    paint.climbed(_row(patch=SOUGHT), SCENES, NOBODY, budget, seed=1)
    assert len(objectives) == 2, "the attack proper needs an objective whose steps nobody counted yet"


def test_what_is_printed_is_climbed_over_photographs(objectives: Any) -> None:
    for is_printed in (True, False):
        row = _row(patch="glasses", is_printed=is_printed)
        budget = paint.budget_of(row, SCENES, NOBODY, seed=1)
        climbed = paint.climbed(row, SCENES, NOBODY, budget, seed=1)
        assert isinstance(climbed, PrintedObjective if is_printed else _Brightness)


def test_what_is_painted_or_changed_is_judged_as_it_is() -> None:
    for changes in ({"eps": 4.0}, {"patch": "glasses"}):
        budget = paint.budget_of(_row(**changes), SCENES, NOBODY, seed=1)
        found = budget.quantized(budget.start(torch.Generator().manual_seed(1)))
        assert torch.equal(paint.before_the_camera(found, budget, SCENES, seed=2), found)


def test_what_is_printed_is_judged_on_a_photograph_of_its_own() -> None:
    budget = paint.budget_of(_row(patch="eye-band", is_printed=True), SCENES, NOBODY, seed=1)
    assert isinstance(budget, Painted)
    found = budget.quantized(budget.start(torch.Generator().manual_seed(1)))
    inside = found[budget.masks.expand_as(found)]
    assert BLACKEST <= float(inside.min()) <= float(inside.max()) <= WHITEST
    shown, other = (paint.before_the_camera(found, budget, SCENES, seed=seed) for seed in (2, 3))
    for photograph in (shown, other):
        assert torch.equal(photograph, photograph.round())
        assert 0 <= float(photograph.min()) <= float(photograph.max()) <= 255
        assert float((photograph - found).abs().max()) > 3
        away = torch.nn.functional.max_pool2d(budget.masks.float(), 19, stride=1, padding=9) == 0
        assert torch.equal(*(torch.where(away, frames, 0.0) for frames in (photograph, budget.clean)))
    assert not torch.equal(shown, other)
    assert torch.equal(shown, paint.before_the_camera(found, budget, SCENES, seed=2))
