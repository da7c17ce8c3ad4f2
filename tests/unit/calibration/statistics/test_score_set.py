"""Comparisons are the gate's own, and a picture never meets a template that it is part of."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from calibration.fitting.operating_point import Goal, fit_match, passes
from calibration.pictures.faces import FacePicture
from calibration.statistics.bootstrap import Draws, pair_rate_interval, rate_interval, threshold_interval
from calibration.statistics.score_set import Readings, ScoreSet, against_everybody, score_set
from edge.domain.errors import UsageError
from edge.recognition.gallery import Template

MODELS = ("screen", "second")
NOTHING: Any = None


def _unit(rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    unit: np.ndarray[Any, Any] = (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)
    return unit


def _people(counts: list[int], *, noise: float = 0.4, dimensions: int = 16, seed: int = 5) -> Readings:
    rng = np.random.default_rng(seed)
    owners = np.repeat(np.arange(len(counts)), counts)
    vectors = {}
    for model in MODELS:
        own = _unit(rng.normal(size=(len(counts), dimensions)))
        vectors[model] = _unit(own[owners] + noise * rng.normal(size=(len(owners), dimensions)))
    pictures = tuple(
        FacePicture(Path(f"{i}.jpg"), NOTHING, NOTHING, {m: vectors[m][i : i + 1] for m in MODELS})
        for i in range(len(owners))
    )
    numbers = np.concatenate([np.arange(count) for count in counts])
    return Readings(tuple(f"p{i}" for i in range(len(counts))), owners, numbers, pictures)


def test_scores_are_those_of_the_gallery() -> None:
    rng = np.random.default_rng(1)
    rows = [_unit(rng.normal(size=(k, 8))) for k in (1, 2, 3, 5, 2)]
    probes = _unit(rng.normal(size=(7, 8)))
    expected = np.stack([Template.from_vectors(own).scores(probes) for own in rows], axis=1)
    np.testing.assert_allclose(against_everybody(rows, probes), expected, atol=1e-5)


def test_a_person_without_pictures_matches_nobody() -> None:
    probes = _unit(np.ones((2, 4)))
    assert (against_everybody([np.zeros((0, 4), np.float32)], probes) == -np.inf).all()


def test_a_picture_is_not_compared_with_itself() -> None:
    people = _people([1, 2, 7])
    scores = score_set(people, [people])
    assert np.isnan(scores.genuine["screen"][0])
    first, second = people.vectors("screen")[1:3]
    assert scores.genuine["screen"][1] == pytest.approx(float(first @ second), abs=1e-6)
    others = people.vectors("screen")[4:9]  # of the third person's seven, the first five that are not the probe
    expected = Template.from_vectors(others).scores(people.vectors("screen")[3:4])[0]
    assert scores.genuine["screen"][3] == pytest.approx(expected, abs=1e-6)
    assert scores.comparisons == 10 * 2
    assert scores.has_genuine.tolist() == [False] + [True] * 9


def test_one_person_under_two_names_is_no_impostor() -> None:
    people = replace(_people([2, 2, 2]), names=("Chyung_Dai-chul", "Dai_Chul_Chyung", "Somebody"))
    scores = score_set(people, [people])
    assert scores.comparisons == 6 * 2 - 4
    assert np.isneginf(scores.impostor["screen"][0, :2]).all()


@pytest.fixture(scope="module")
def scores() -> ScoreSet:
    people = _people([3] * 60, noise=0.16)
    return score_set(people, [people])


def test_the_fitted_point_keeps_its_rate_on_what_it_was_fitted_on(scores: ScoreSet) -> None:
    goal = Goal(fpir=1e-1, most_people=100)
    chosen = fit_match(scores, goal)
    _, fused = scores.fused(chosen.point.weights)
    accepted = passes(chosen.point, scores.impostor, fused)
    assert accepted.sum() <= scores.comparisons * goal.fmr
    assert 0 <= chosen.frr < 0.5
    assert sum(chosen.point.weights.values()) == pytest.approx(1.0)


def test_the_pictures_must_resolve_the_goal(scores: ScoreSet) -> None:
    with pytest.raises(UsageError, match="cannot resolve"):
        fit_match(scores, Goal(fpir=1e-3, most_people=1000))


def test_a_missing_score_is_refused(scores: ScoreSet) -> None:
    point = fit_match(scores, Goal(fpir=1e-1, most_people=100)).point
    nothing = {m: np.array([np.nan]) for m in MODELS}
    assert not passes(point, nothing, np.array([np.nan]))[0]
    assert not passes(point, nothing, np.array([1.0]))[0]


def test_intervals_hold_what_they_are_about() -> None:
    draws = Draws.of(200)
    trials = np.full(200, 10)
    events = np.random.default_rng(2).binomial(10, 0.1, 200)
    low, high = rate_interval(events, trials, draws)
    assert low < events.sum() / 2000 < high
    assert high - low < 0.06
    low, high = pair_rate_interval(np.arange(50), np.arange(50)[::-1] + 100, trials, draws)
    assert low < 50 / (2000 * 199) < high


def test_alike_pictures_of_one_person_widen_the_interval() -> None:
    draws = Draws.of(200)
    trials = np.full(200, 10)
    spread, heaped = np.ones(200, np.int64), np.zeros(200, np.int64)
    heaped[:20] = 10
    narrow, wide = rate_interval(spread, trials, draws), rate_interval(heaped, trials, draws)
    assert wide.high - wide.low > narrow.high - narrow.low


def test_the_threshold_lies_in_its_interval() -> None:
    rng = np.random.default_rng(8)
    people, trials = 100, np.full(100, 2)
    first, second = rng.integers(0, people, 4000), rng.integers(0, people, 4000)
    values = rng.normal(size=4000)
    far = 0.01
    plain = np.sort(values)[::-1][int(200 * 99 * far)]
    low, high = threshold_interval(values, first, second, trials, far, Draws.of(people))
    assert low < plain < high


def test_no_trials_give_no_interval() -> None:
    nobody = np.zeros(5, np.int64)
    assert all(map(np.isnan, rate_interval(nobody, nobody, Draws.of(5))))
