"""What is counted when people are enrolled honestly, under attack, and by force."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edge.domain.enrollment import EnrollmentPicture
from edge.domain.errors import UsageError
from redteam.enrollment.attacks import ROWS, AttackRow, Worn
from redteam.enrollment.campaign import EVERY_PAIR, Tally, run_enrollment
from redteam.enrollment.registry import PROBES_EACH, Registry
from tests.support.enrollment_looks import GivenLooks, look, picture, row
from tests.support.profiles import A, B, a_profile
from training.vetting.enrollment import PICTURES_EACH, SeenPicture

EACH = PICTURES_EACH + PROBES_EACH


class Studio:
    """Takes no picture: whatever is painted shows no face."""

    looker = GivenLooks({})

    def take(self, pixels: np.ndarray, source: str) -> EnrollmentPicture | None:
        """Return nothing."""
        del pixels, source
        return None


def seen(person: int) -> list[SeenPicture]:
    looks = [look(row(**{f"x{person}": 0.9, f"x{15 - number}": 0.3})) for number in range(EACH)]
    return [SeenPicture(SimpleNamespace(), picture(f"{person}-{n}", one), one) for n, one in enumerate(looks)]  # type: ignore[arg-type]


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    from tests.support.enrollment_looks import LIMITS

    monkeypatch.setattr("redteam.enrollment.registry.shipped_guard_limits", lambda: LIMITS)
    models: Any = SimpleNamespace(bindings={"a": A, "b": B})
    studio: Any = Studio()
    return Registry.of(studio, models, a_profile(), {str(person): seen(person) for person in range(4)})


def test_the_last_person_is_the_bystander(registry: Registry) -> None:
    assert list(registry.people) == ["0", "1", "2"]
    assert registry.bystander.source == "3-0"


def test_too_few_people_are_wrong_usage() -> None:
    nothing: Any = None
    with pytest.raises(UsageError):
        Registry.of(nothing, nothing, a_profile(), {"0": seen(0), "1": seen(1)[:2]})


def test_a_stranger_is_refused_and_opens_by_the_nearest_picture_alone(registry: Registry) -> None:
    records = {r["attack"]: r for r in run_enrollment([AttackRow("stranger")], registry, seed=1)}
    assert records["none"]["refused"] == 0
    assert records["none"]["own_opens_rate"] == 1.0
    assert (records["stranger"]["refused"], records["stranger"]["refused_of"]) == (3, 3)
    pairs = records[EVERY_PAIR]
    assert pairs["opens_of"] == 3 * 2 * (EACH - 1)
    assert pairs["opens"] == 0
    assert pairs["opens_by_nearest"] == pairs["opens_of"]


def test_what_shows_no_face_is_refused_and_not_enrolled_by_force(registry: Registry, monkeypatch: Any) -> None:
    monkeypatch.setattr("redteam.enrollment.campaign.morph_of", lambda *_: np.zeros((4, 4, 3), np.uint8))
    (*_, record) = run_enrollment([AttackRow("morph")], registry, seed=1)
    assert record["refused_rate"] == 1.0
    assert record["opens_of"] == 0
    assert "opens_rate" not in record


def test_every_trigger_has_a_row_of_one_and_of_five() -> None:
    for worn in Worn:
        assert {r.poisoned for r in ROWS if r.worn is worn} == {1, 5}


def test_a_tally_has_an_exact_interval() -> None:
    tally = Tally()
    tally.add(0, 10)
    assert tally.record("opens")["opens_ci95"] == pytest.approx([0.0, 0.3085], abs=1e-4)
