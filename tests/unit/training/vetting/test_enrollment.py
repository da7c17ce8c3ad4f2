"""Limits of the enrollment guard: as many honest pictures are held as were aimed at, and attacks are above them."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edge.domain.errors import UsageError
from edge.pipeline.guard.look import Look
from edge.pipeline.guard.measures import RESEMBLES, UNLIKE, measures_of
from edge.pipeline.guard.views import HIDDEN
from tests.support.profiles import A, B, a_profile
from training.vetting.enrollment import PICTURES_EACH, fit_guard, gallery_without, template_of

MODELS: Any = SimpleNamespace(bindings={"a": A, "b": B})
POINT = a_profile().match
AXES = 64


def people(count: int, seed: int = 0) -> dict[str, list[Look]]:
    rng = np.random.default_rng(seed)

    def unit(vector: np.ndarray) -> np.ndarray:
        return np.asarray(vector / np.linalg.norm(vector), np.float32)

    def seen(center: np.ndarray) -> np.ndarray:
        return unit(center + rng.normal(0, 0.08, AXES))

    made = {}
    for number in range(count):
        center = unit(rng.normal(0, 1, AXES))
        made[str(number)] = [
            Look(
                plain={"a": (plain := seen(center)), "b": plain},
                squeezed={"a": unit(plain + rng.normal(0, 0.01, AXES)), "b": plain},
                hidden={m: np.stack([seen(center) for _ in HIDDEN]) for m in ("a", "b")},
            )
            for _ in range(PICTURES_EACH)
        ]
    return made


def test_no_more_honest_pictures_are_held_than_aimed_at() -> None:
    fitted = fit_guard(people(40), MODELS, POINT, aimed=0.02)
    assert fitted.found <= 0.02
    assert fitted.limits.pictures == 40 * PICTURES_EACH
    assert fitted.limits.people == 39
    assert fitted.limits.limits[UNLIKE] < 0
    assert fitted.limits.growth > 0


def test_a_stranger_is_above_the_fitted_limits() -> None:
    known = people(30)
    limits = fit_guard(known, MODELS, POINT, aimed=0.02).limits
    gallery = gallery_without(MODELS, {n: template_of(looks) for n, looks in known.items()}, ["0"])
    found = measures_of(known["1"][0], known["0"][1:], gallery, POINT, limits.usual)
    screens = {suspicion.screen for suspicion in limits.suspicions(found, len(gallery))}
    assert {UNLIKE, RESEMBLES} <= screens


def test_too_few_people_are_no_basis() -> None:
    with pytest.raises(UsageError) as caught:
        fit_guard(people(3), MODELS, POINT, aimed=0.02)
    assert caught.value.hint
