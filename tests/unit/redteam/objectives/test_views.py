"""The views that attackers optimize through are those that the gate takes."""

import random
from typing import Any

import numpy as np

from edge.daemon.assembly import DEFAULT_PROFILE, defenses_of
from edge.domain.face import Box, Face
from edge.trust.profile import load_profile
from engines.render.spec import PLAIN
from redteam.objectives.views import DrawnViews, KnownViews, PlainViews

FACE = Face(frame_seq=0, box=Box(10, 10, 50, 60), landmarks=np.ones((5, 2), np.float32), score=0.9)
ROWS = slice(0, 2)


def _gates_views(seed: int) -> list[Any]:
    defenses = defenses_of(load_profile(DEFAULT_PROFILE, environment="development"))
    rng = random.Random(seed)
    return [PLAIN, *(view for defense in defenses for view in defense.views(FACE, rng))]


def test_who_knows_the_seed_sees_exactly_what_the_gate_will_draw() -> None:
    from edge.defenses.randomize import random_views

    known = KnownViews(random_views(random.Random(9)))
    assert [list(views) for views in known.views(ROWS)] == [_gates_views(9)] * 2
    known.advance()
    assert list(known.views(ROWS)[0]) == _gates_views(9)
    assert list(known.views(ROWS)[0]) != _gates_views(10)


def test_drawn_views_are_of_the_gates_kinds_fresh_each_step_and_each_rows_own() -> None:
    drawn = DrawnViews(2, draws=4, has_squeezes=True, seed=1)
    first = [list(views) for views in drawn.views(ROWS)]
    assert [view.name for view in first[0]] == [view.name for view in _gates_views(1)]
    assert first[0][1:5] != first[1][1:5]
    drawn.advance()
    assert list(drawn.views(ROWS)[0])[1:5] != first[0][1:5]
    again = DrawnViews(2, draws=4, has_squeezes=True, seed=1)
    assert [list(views) for views in again.views(ROWS)] == first


def test_more_draws_than_the_gate_takes_are_possible() -> None:
    drawn = DrawnViews(1, draws=6, has_squeezes=False, seed=1)
    assert len(drawn.views(slice(0, 1))[0]) == 7


def test_the_plain_view_is_alone() -> None:
    assert [list(views) for views in PlainViews().views(ROWS)] == [[PLAIN], [PLAIN]]
