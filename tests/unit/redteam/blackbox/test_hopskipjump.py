"""HopSkipJump comes nearer to the attacker's own picture with every question, and believes only what opened."""

import math
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from edge.domain.errors import UsageError  # noqa: E402
from redteam.blackbox import hopskipjump  # noqa: E402
from redteam.blackbox.hopskipjump import hop_skip_jump  # noqa: E402
from redteam.blackbox.queries import Answer, CountedDecisions, LockOut  # noqa: E402

Tensor = Any

OWN = torch.full((3, 6, 6), 60.0)
VICTIM = torch.full((3, 6, 6), 180.0)


class _HalfWay:
    """Opens where the left half is bright, whatever the rest looks like; everything brighter than dark is near."""

    def __init__(self) -> None:
        self.asked = 0

    def decide(self, frame: Tensor, row: int) -> Answer:
        self.asked += 1
        assert bool((frame == frame.round()).all())
        level = float(frame[:, :, :3].mean())
        return Answer(level >= 90, is_near_miss=70 < level < 90)


@pytest.fixture(autouse=True)
def _art() -> None:
    pytest.importorskip("art", reason="ART is not installed: make redteam-setup")


def test_it_walks_nearer_and_what_it_returns_opens() -> None:
    door = _HalfWay()
    walk = hop_skip_jump(CountedDecisions(door, 0, limit=600), OWN, VICTIM, seed=1, first_directions=20)
    assert walk.frame is not None
    assert door.decide(walk.frame, 0).is_reached
    assert walk.distance == float((walk.frame - OWN).abs().max())
    assert walk.distance < 45
    assert walk.is_within(60)
    assert not walk.is_within(8)
    assert walk.queries == 600


def test_a_few_questions_come_less_near_and_are_not_exceeded() -> None:
    door = _HalfWay()
    walk = hop_skip_jump(CountedDecisions(door, 0, limit=4), OWN, VICTIM, seed=1)
    assert door.asked == walk.queries == 4
    assert 30 <= walk.distance <= 60


def test_the_lock_out_ends_the_walk() -> None:
    lock_out = LockOut(3, 60_000, 10_000)
    walk = hop_skip_jump(CountedDecisions(_HalfWay(), 0, limit=600, lock_out=lock_out), OWN, VICTIM, seed=1)
    assert walk.near_misses == 3
    assert walk.queries < 600


def test_a_start_that_does_not_open_leads_nowhere() -> None:
    walk = hop_skip_jump(CountedDecisions(_HalfWay(), 0, limit=20), OWN, OWN + 5, seed=1)
    assert walk.frame is None
    assert walk.distance == math.inf


def test_it_repeats_itself_for_a_seed() -> None:
    walks = [hop_skip_jump(CountedDecisions(_HalfWay(), 0, limit=100), OWN, VICTIM, seed=4) for _ in range(2)]
    assert walks[0].frame is not None
    assert torch.equal(walks[0].frame, walks[1].frame)


def test_pictures_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="size"):
        hop_skip_jump(CountedDecisions(_HalfWay(), 0, limit=4), OWN, VICTIM[:, :4], seed=1)


def test_without_art_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(module: str) -> Any:
        raise UsageError(f"{module} is not installed", hint="run 'make redteam-setup'")

    monkeypatch.setattr(hopskipjump, "require", absent)
    with pytest.raises(UsageError, match="not installed"):
        hop_skip_jump(CountedDecisions(_HalfWay(), 0, limit=4), OWN, VICTIM, seed=1)
