"""The same question reaches ART and foolbox that our own attacks get; toy models, no weights, no faces."""

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from edge.domain.errors import UsageError  # noqa: E402
from engines.render.spec import PLAIN  # noqa: E402
from redteam.oracle import art_adapter, foolbox_adapter  # noqa: E402
from redteam.oracle.art_adapter import ATTACKS, SHARPNESS, VICTIM, CosineLogits, Plan, attack, require, seeded  # noqa: E402

Tensor = Any
SIDE = 8
CLEAN = torch.randint(60, 190, (1, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(2)).float()


class _Linear:
    """Stands in for a picture's twin: a fixed linear map to unit vectors, whatever the crop."""

    def __init__(self) -> None:
        self._map = torch.randn((3 * SIDE * SIDE, 6), generator=torch.Generator().manual_seed(4))

    def embed(self, model_id: str, frames: Tensor, matrices: Tensor, views: Any = (PLAIN,)) -> Tensor:
        assert matrices.shape == (len(frames), 2, 3)
        return torch.nn.functional.normalize((frames.flatten(1) - 128) @ self._map, dim=1).unsqueeze(1)


@pytest.fixture
def model() -> CosineLogits:
    picture: Any = _Linear()
    wanted = picture.embed("toy", 255 - CLEAN.roll(3, dims=2), torch.zeros(1, 2, 3))[0, 0]
    return CosineLogits(picture, "toy", torch.zeros(2, 3), wanted, threshold=0.5)


def test_the_border_of_the_classes_is_the_threshold(model: CosineLogits) -> None:
    logits = model(CLEAN)
    cosine = float(model.cosine(CLEAN))
    np.testing.assert_allclose(logits[0].numpy(), SHARPNESS * np.array([0.5 - cosine, cosine - 0.5]), rtol=1e-4)


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_of_art_climbs_within_the_budget_and_repeats_itself(name: str, model: CosineLogits) -> None:
    pytest.importorskip("art", reason="ART is not installed: make redteam-setup")
    plan = Plan(eps=12.0, steps=30, seed=3)
    found = attack(ATTACKS[name], model, CLEAN, plan)
    assert found.shape == CLEAN.shape
    assert float((found - CLEAN).abs().max()) <= 12
    assert bool((found == found.round()).all())
    assert float(model.cosine(found)) > float(model.cosine(CLEAN)) + 0.02
    state = np.random.get_state()[1][:5].tolist()  # type: ignore[index]  # noqa: NPY002  # a tuple, for this kind
    assert torch.equal(found, attack(ATTACKS[name], model, CLEAN, plan))
    assert np.random.get_state()[1][:5].tolist() == state  # type: ignore[index]  # noqa: NPY002


def test_foolbox_climbs_and_finds_a_smaller_change(model: CosineLogits) -> None:
    try:
        foolbox_adapter._foolbox()
    except UsageError as error:
        pytest.skip(f"{error}: {error.hint}")
    found = foolbox_adapter.pgd(model, CLEAN, Plan(eps=40.0, steps=30))
    assert float((found - CLEAN).abs().max()) <= 40
    assert int(model(found).argmax()) == VICTIM
    nearest, distance = foolbox_adapter.least_change(model, CLEAN, steps=100)
    assert int(model(nearest).argmax()) == VICTIM
    assert 0 < distance < 40


def test_one_scene_at_a_time(model: CosineLogits) -> None:
    with pytest.raises(ValueError, match="one scene"):
        attack(art_adapter.fgsm, model, CLEAN.expand(2, -1, -1, -1), Plan(eps=2.0))


def test_a_library_that_is_not_there_is_named_with_what_to_do() -> None:
    with pytest.raises(UsageError, match="no_such_library") as caught:
        require("no_such_library.attacks")
    assert "make redteam-setup" in caught.value.hint


def test_any_seed_of_a_campaign_will_do() -> None:
    with seeded(2**48 - 1):
        first = float(np.random.rand())  # noqa: NPY002
    with seeded(2**48 - 1):
        assert float(np.random.rand()) == first  # noqa: NPY002
