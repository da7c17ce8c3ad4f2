"""Pictures that open a bare model are shown to the gate on every run: what it once refused it must refuse."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.daemon.assembly import GateParts, read_profile
from edge.daemon.models import load_models
from edge.settings.load import load_settings
from engines.progress import Silent
from redteam.cast import Cast, cast_of
from redteam.judge import Judge
from redteam.portraits import portrait_pictures
from redteam.scene import Goal, Scene
from redteam.scenes import impersonations
from redteam.success import MARKS, Target, is_open

FOLDER = Path(__file__).parents[1] / "adversarial"
INDEX: list[dict[str, Any]] = json.loads((FOLDER / "index.json").read_text("utf-8"))

pytestmark = [pytest.mark.models, pytest.mark.xdist_group("e2e")]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cast, Judge]]:
    folder = tmp_path_factory.mktemp("portraits")
    settings = load_settings(None, state_dir=folder / "state")
    with load_models(settings.engine) as models:
        profile = read_profile(settings, models, environment="development")
        cast = cast_of(portrait_pictures(folder / "frames"), models, profile, Silent(), most_victims=1)
        yield cast, Judge(GateParts(settings, profile, models, cast.gallery))


def test_there_are_attacks_of_every_kind() -> None:
    rows = " ".join(entry["row"] for entry in INDEX)
    assert all(attacker in rows for attacker in ("noise", "oblivious", "joint"))


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: str(entry["file"]))
def test_the_bare_models_fall_and_the_gate_does_not(entry: dict[str, Any], stage: tuple[Cast, Judge]) -> None:
    cast, judge = stage
    scene = _scene(cast, judge)
    judgement = judge.look(FOLDER / entry["file"], scene)
    match = judge.profile.match
    opened = {(m.target.value, m.point.value if m.point else None) for m in MARKS if is_open(judgement, m, match)}
    assert (Target.GATE.value, None) not in opened, judgement
    assert judgement.granted == 0
    assert {tuple(mark) for mark in entry["opened"]} <= opened, "no attack any more: make the pictures anew"


def test_the_clean_stranger_is_nobody_to_every_target(stage: tuple[Cast, Judge]) -> None:
    cast, judge = stage
    scene = _scene(cast, judge)
    clean = judge.look_at(scene.pixels, scene)
    assert clean.reason == "unknown_person"
    assert not any(is_open(clean, mark, judge.profile.match) for mark in MARKS)


def test_a_gate_that_is_shown_a_face_elsewhere_denies(stage: tuple[Cast, Judge]) -> None:
    cast, judge = stage
    scene = _scene(cast, judge)
    blank = replace(scene, pixels=scene.pixels * 0)
    assert judge.look_at(blank.pixels, blank).granted == 0
    assert judge.look_at(blank.pixels, blank, is_frozen=True).granted == 0


def _scene(cast: Cast, judge: Judge) -> Scene:
    (scene,) = impersonations(cast, judge, 1, Silent())
    assert scene.goal is Goal.IMPERSONATION
    return scene
