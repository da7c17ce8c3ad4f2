"""Square climbs without a gradient, stays in its ball and in its region, and asks no more than it may."""

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from edge.domain.face import Box, Face  # noqa: E402
from redteam.attacks.budget import LinfBall, Painted  # noqa: E402
from redteam.blackbox.queries import CountedScores  # noqa: E402
from redteam.blackbox.square import Square, regions_of, search, share_of_region  # noqa: E402

Tensor = Any

REGIONS = torch.tensor([[2, 2, 8, 8], [0, 0, 12, 12], [4, 1, 5, 9]])


class _Likeness:
    """How alike frames are to hidden patterns, one a row."""

    def __init__(self, patterns: Tensor) -> None:
        self.patterns = patterns
        self.asked: list[Tensor] = []

    def scores(self, frames: Tensor, rows: Tensor) -> Tensor:
        self.asked.append(frames.clone())
        return ((frames - 128) * self.patterns[rows]).mean(dim=(1, 2, 3))

    def gain(self, frames: Tensor, rows: slice) -> Tensor:
        return ((frames - 128) * self.patterns[rows]).mean(dim=(1, 2, 3))

    def advance(self) -> None:
        pass


def _scene() -> tuple[_Likeness, LinfBall]:
    generator = torch.Generator().manual_seed(3)
    coarse = torch.randn((3, 3, 4, 4), generator=generator).sign()
    patterns = coarse.repeat_interleave(3, dim=2).repeat_interleave(3, dim=3)
    clean = torch.randint(40, 200, (3, 3, 12, 12), generator=generator).float()
    return _Likeness(patterns), LinfBall(clean, 8.0)


def test_it_climbs_within_ball_region_and_limit() -> None:
    likeness, ball = _scene()
    found = search(CountedScores(likeness, 3, 400), ball, REGIONS, steps=400, seed=1)
    rows = slice(0, 3)
    start = likeness.gain(ball.clean, rows)
    ideal = likeness.gain(ball.quantized(ball.clean + 8 * likeness.patterns), rows)
    share = torch.tensor([64, 144, 45]) / 144
    assert bool((found.scores - start > 0.3 * share * (ideal - start)).all())
    assert found.queries.tolist() == [400] * 3
    for asked in likeness.asked:
        change = asked - ball.clean
        assert float(change.abs().max()) <= 8
        assert bool((asked == asked.round()).all())
        for row, (top, left, height, width) in enumerate(REGIONS.tolist()):
            change[row, :, top : top + height, left : left + width] = 0
        assert float(change.abs().max()) == 0


def test_no_question_but_the_first_is_about_the_same_frame() -> None:
    likeness, ball = _scene()
    search(CountedScores(likeness, 3, 60), ball, REGIONS, steps=60, seed=2)
    best = likeness.asked[0]
    for asked in likeness.asked[1:]:
        assert bool((asked != best).flatten(1).any(dim=1).all())
        rises = likeness.scores(asked, torch.arange(3)) > likeness.scores(best, torch.arange(3))
        best = torch.where(rises.reshape(-1, 1, 1, 1), asked, best)


def test_a_row_that_has_enough_asks_no_more() -> None:
    likeness, ball = _scene()
    start = likeness.scores(ball.clean, torch.arange(3))
    enough = float(start.max())
    found = search(CountedScores(likeness, 3, 200), ball, REGIONS, steps=200, seed=1, enough=enough)
    assert int(found.queries[start.argmax()]) == 1
    assert int(found.queries[start.argmin()]) > 1


def test_it_repeats_itself_for_a_seed() -> None:
    runs = []
    for _ in range(2):
        likeness, ball = _scene()
        runs.append(search(CountedScores(likeness, 3, 50), ball, REGIONS, steps=50, seed=9).frames)
    assert bool((runs[0] == runs[1]).all())


def test_as_an_attack_it_asks_an_objective_without_gradients() -> None:
    likeness, ball = _scene()
    found = Square(100, REGIONS)(likeness, ball, seed=1)
    rows = slice(0, 3)
    assert bool((likeness.gain(found, rows) > likeness.gain(ball.clean, rows)).all())
    with pytest.raises(TypeError, match="L-infinity"):
        Square(5, REGIONS)(likeness, Painted(ball.clean, torch.ones(3, 1, 12, 12, dtype=torch.bool)), seed=1)
    with pytest.raises(ValueError, match="step"):
        Square(0, REGIONS)


def test_squares_shrink_by_the_published_schedule() -> None:
    shares = [share_of_region(i, 10_000) for i in (0, 11, 51, 201, 501, 1001, 2001, 4001, 6001, 8001)]
    assert shares == pytest.approx([0.05 / 2**i for i in range(10)])
    assert share_of_region(100, 1000) == share_of_region(1000, 10_000)


def test_the_region_is_the_enlarged_box_within_the_frame() -> None:
    face = Face(frame_seq=0, box=Box(80.0, 10.0, 40.0, 48.0), landmarks=np.ones((5, 2), np.float32), score=0.9)
    assert regions_of([face], 100, 110).tolist() == [[4, 75, 60, 35]]
