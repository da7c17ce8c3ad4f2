"""A model that gives different pictures one answer is found; one that is shown a picture twice is not accused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.recognition.answers import AnswerWatch

RNG = np.random.default_rng(1)
SCENE = RNG.normal(0, 0.5, (1, 3, 64, 64)).astype(np.float32)


def pictures(count: int, noise: float = 0.2, scale: float = 1.0) -> NDArray[np.float32]:
    drawn = SCENE + RNG.normal(0, noise, (count, 3, 64, 64)).astype(np.float32)
    return np.asarray(drawn * scale, np.float32)


def answers(count: int) -> NDArray[np.float32]:
    return RNG.normal(0, 1, (count, 8)).astype(np.float32)


@pytest.mark.parametrize("scale", [1.0, 128.0])
def test_within_a_batch_and_from_batch_to_batch(scale: float) -> None:
    stuck = np.repeat(answers(1), 4, axis=0)
    assert AnswerWatch().is_stuck(pictures(4, scale=scale), stuck)
    watch = AnswerWatch()
    assert not watch.is_stuck(pictures(1, scale=scale), stuck[:1])
    assert watch.is_stuck(pictures(1, scale=scale), stuck[1:2])
    assert watch.is_stuck(pictures(1, scale=scale), stuck[1:2])
    assert not watch.is_stuck(pictures(1, scale=scale), answers(1))


@given(st.integers(1, 8))
def test_answers_that_differ_are_never_accused(count: int) -> None:
    watch = AnswerWatch()
    for _ in range(3):
        assert not watch.is_stuck(pictures(count), answers(count))


def test_one_picture_shown_again_may_get_its_answer_again() -> None:
    watch, picture, answer = AnswerWatch(), pictures(1), answers(1)
    for _ in range(3):
        assert not watch.is_stuck(picture, answer)
    hardly = picture + np.float32(1e-4)  # less than an engine of few bits could tell
    assert not watch.is_stuck(hardly, answer)
    empty = np.zeros_like(picture)
    assert not AnswerWatch().is_stuck(np.concatenate([empty, empty]), np.zeros((2, 8), np.float32))
