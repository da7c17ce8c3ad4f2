"""One suite over every attack: it climbs, it stays in its budget, and it repeats itself for a seed."""

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from redteam.attacks.apgd import APGD, checkpoints  # noqa: E402
from redteam.attacks.base import Attack, Objective, gain_of  # noqa: E402
from redteam.attacks.budget import Budget, LinfBall, Painted  # noqa: E402
from redteam.attacks.carlini import CarliniMargin  # noqa: E402
from redteam.attacks.gradient import FGSM, PGD, MomentumFGSM, blurred  # noqa: E402
from redteam.attacks.minimal import minimal_eps  # noqa: E402
from redteam.attacks.noise import Noise  # noqa: E402
from redteam.attacks.restarts import BestOf  # noqa: E402

Tensor = Any
Generator = Any


ATTACKS: dict[str, Callable[[], Attack]] = {
    "fgsm": FGSM,
    "pgd": lambda: PGD(10),
    "bim": lambda: PGD(10, has_random_start=False),
    "mi-fgsm": lambda: MomentumFGSM(10),
    "apgd": lambda: APGD(20),
    "cw": lambda: CarliniMargin(0.9, steps=20, searches=2),
    "restarts": lambda: BestOf(PGD(5), PGD(5)),
}


class _Bowl:
    """A smooth objective with one summit; 1 at the summit."""

    def __init__(self, summit: Tensor) -> None:
        self.summit = summit
        self.advanced = 0

    def gain(self, frames: Tensor, rows: slice) -> Tensor:
        return 1 - ((frames - self.summit[rows]) / 255).square().mean(dim=(1, 2, 3)).sqrt()

    def advance(self) -> None:
        self.advanced += 1


def _scene(rows: int = 3) -> tuple[Objective, Budget, Tensor]:
    generator = torch.Generator().manual_seed(5)
    clean = torch.randint(40, 200, (rows, 3, 8, 8), generator=generator).float()
    summit = (clean + 40 * torch.randn(clean.shape, generator=generator)).clamp(0, 255)
    return _Bowl(summit), LinfBall(clean, 8.0), clean


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_climbs_within_its_budget(name: str) -> None:
    objective, budget, clean = _scene()
    found = ATTACKS[name]()(objective, budget, seed=1)
    assert found.shape == clean.shape
    assert float((found - clean).abs().max()) <= 8.0
    assert bool((found == found.round()).all())
    slices = slice(0, len(clean))
    assert bool((objective.gain(found, slices) > objective.gain(clean, slices)).all())


@pytest.mark.parametrize("name", [*ATTACKS, "noise"])
def test_an_attack_repeats_itself_for_a_seed(name: str) -> None:
    make = {**ATTACKS, "noise": Noise}[name]
    first, second = (make()(*_scene()[:2], seed=3) for _ in range(2))
    assert bool((first == second).all())


@pytest.mark.parametrize("name", ["pgd", "mi-fgsm", "apgd"])
def test_a_strong_attack_reaches_nearly_all_that_the_budget_allows(name: str) -> None:
    objective, budget, clean = _scene()
    assert isinstance(objective, _Bowl)
    best = budget.quantized(budget.project(objective.summit))
    found = ATTACKS[name]()(objective, budget, seed=1)
    rows = slice(0, len(clean))
    room = objective.gain(best, rows) - objective.gain(clean, rows)
    assert bool((objective.gain(found, rows) >= objective.gain(clean, rows) + 0.85 * room).all())


def test_blurring_keeps_the_direction_of_a_smooth_gradient_and_drops_grain() -> None:
    smooth, grain = torch.ones(1, 3, 15, 15), torch.ones(1, 3, 15, 15)
    grain[:, :, ::2] *= -1
    assert torch.allclose(blurred(smooth)[:, :, 7, 7], torch.ones(1, 3), atol=1e-5)
    assert float(blurred(grain)[:, :, 4:-4, 4:-4].abs().max()) < 0.1


def test_more_rows_than_fit_at_once_come_out_in_order() -> None:
    objective, budget, clean = _scene(rows=11)
    gains = gain_of(objective, clean)
    single = torch.cat([objective.gain(clean[i : i + 1], slice(i, i + 1)) for i in range(11)])
    assert torch.allclose(gains, single)
    assert ATTACKS["pgd"]()(objective, budget, seed=1).shape == clean.shape


def test_an_attack_that_returns_nonsense_is_put_back_into_its_budget() -> None:
    class Broken(Attack):
        name = "broken"

        def run(self, objective: Objective, budget: Budget, generator: Generator) -> Tensor:
            frames = budget.clean + 1000
            frames[0] = torch.nan
            return frames

    objective, budget, clean = _scene()
    found = Broken()(objective, budget, seed=0)
    assert bool((found[0] == clean[0]).all())
    assert float((found - clean).abs().max()) <= 8.0


def test_an_attack_of_another_shape_is_refused() -> None:
    class Broken(Attack):
        name = "broken"

        def run(self, objective: Objective, budget: Budget, generator: Generator) -> Tensor:
            return budget.clean[:1]

    with pytest.raises(ValueError, match="broken"):
        Broken()(*_scene()[:2], seed=0)


@pytest.mark.parametrize("attack", [PGD, MomentumFGSM, APGD])
def test_no_steps_are_refused(attack: Callable[[int], Attack]) -> None:
    with pytest.raises(ValueError, match="step"):
        attack(0)


def test_the_best_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        BestOf()


def test_carlini_finds_a_smaller_change_than_pgd_for_the_same_margin() -> None:
    objective, _, clean = _scene()
    budget = LinfBall(clean, 64.0)
    rows = slice(0, len(clean))
    margin = float(objective.gain(clean, rows).max()) + 0.02
    small = CarliniMargin(margin, steps=60, searches=4)(objective, budget, seed=1)
    large = PGD(20)(objective, budget, seed=1)
    size = (small - clean).square().sum(dim=(1, 2, 3))
    assert bool((size < (large - clean).square().sum(dim=(1, 2, 3))).all())
    assert bool((objective.gain(small, rows) >= margin - 0.01).all())


def test_apgd_looks_back_ever_more_often() -> None:
    found = checkpoints(100)
    assert sum(found.values()) == max(found)
    widths = list(found.values())
    assert widths[0] == 22
    assert widths == sorted(widths, reverse=True)


def test_a_patch_is_painted_from_a_random_color() -> None:
    clean = torch.full((2, 3, 8, 8), 128.0)
    masks = torch.zeros(2, 1, 8, 8, dtype=torch.bool)
    masks[:, :, :4] = True
    found = MomentumFGSM(15)(_Bowl(torch.zeros_like(clean)), Painted(clean, masks), seed=1)
    assert float(found[:, :, :4].max()) < 10
    assert bool((found[:, :, 4:] == 128).all())


def test_minimal_eps_is_found_for_each_row() -> None:
    falls_at = torch.tensor([3.0, 7.0, 1.0, 100.0])
    tried = []

    def attempt(eps: Tensor) -> list[bool]:
        tried.append(eps.clone())
        return [bool(x) for x in eps >= falls_at]

    found = minimal_eps(attempt, 4, largest=16, resolution=1)
    assert found.tolist() == [3.0, 7.0, 1.0, float("inf")]
    assert len(tried) <= 10  # halved four times, for the one that nothing overcomes; bisected four times


def test_minimal_eps_is_found_where_a_defense_sees_the_largest_budgets() -> None:
    seen_from = torch.tensor([9.0, 5.0, 2.0, 1.0])

    def attempt(eps: Tensor) -> list[bool]:
        return [bool(x) for x in (eps < seen_from) & (eps >= torch.tensor([3.0, 4.0, 1.0, 1.0]))]

    found = minimal_eps(attempt, 4, largest=16, resolution=1)
    assert found.tolist() == [3.0, 4.0, 1.0, float("inf")]
