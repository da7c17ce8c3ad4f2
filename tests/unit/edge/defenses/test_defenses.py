"""Every defense: passes a clean face, fails a moved one, and never passes on missing or NaN evidence."""

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.defenses.agree import Agree
from edge.defenses.base import Defense, ViewEvidence, finding_of
from edge.defenses.distribution import Distribution
from edge.defenses.randomize import LEAST_SIDE, VIEW_COUNT, Randomize
from edge.defenses.squeeze import SQUEEZERS, SqueezeDefense
from edge.domain.face import Box, Face
from edge.domain.profile import Agreement
from edge.domain.reasons import Outcome
from tests.support.baselines import a_baseline

MODELS = ("a", "b")
FACE = Face(frame_seq=1, box=Box(0, 0, 10, 10), landmarks=np.zeros((5, 2), np.float32), score=0.9)
DIM = 8

IDENTITY = np.vstack([np.eye(DIM, dtype=np.float32), np.zeros((1, DIM), np.float32)])
DEFENSES: tuple[Defense, ...] = (
    Randomize(score_threshold=0.5, spread_thresholds={"a": 0.2, "b": 0.2}, plain_score_caps={"a": 1.0, "b": 1.0}),
    SqueezeDefense(shift_thresholds={m: dict.fromkeys(SQUEEZERS, 0.1) for m in ("a", "b")}),
    Agree(Agreement(source="a", target="b", weights=IDENTITY, threshold=0.5)),
    Distribution(a_baseline(model, DIM) for model in MODELS),
)


def direction(seed: int) -> NDArray[np.float32]:
    vector = np.random.default_rng(seed).normal(size=DIM)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def clean(views: Sequence[str]) -> ViewEvidence:
    rows = np.repeat(direction(1)[np.newaxis], len(views), axis=0)
    scores = np.full(len(views), 0.8)
    return ViewEvidence(
        views=tuple(views),
        vectors={m: rows.copy() for m in MODELS},
        scores={m: scores.copy() for m in MODELS},
        fused=scores.copy(),
    )


def views_of(defense: Defense) -> tuple[str, ...]:
    return ("plain", *(v.name for v in defense.views(FACE, random.Random(1))))


@pytest.mark.parametrize("defense", DEFENSES, ids=lambda d: d.name)
class TestContract:
    def test_clean_evidence_passes(self, defense: Defense) -> None:
        assert defense.judge(clean(views_of(defense))).outcome is Outcome.PASS

    def test_view_names_are_unique_and_not_plain(self, defense: Defense) -> None:
        names = views_of(defense)
        assert len(set(names)) == len(names)

    @pytest.mark.parametrize("missing", range(9))
    def test_a_missing_view_is_an_error(self, defense: Defense, missing: int) -> None:
        names = views_of(defense)
        without = [n for i, n in enumerate(names) if i != missing % len(names)]
        assert defense.judge(clean(without)).outcome is Outcome.ERROR

    @pytest.mark.parametrize("model", MODELS)
    def test_a_missing_model_is_an_error(self, defense: Defense, model: str) -> None:
        evidence = clean(views_of(defense))
        cut = replace(
            evidence,
            vectors={m: v for m, v in evidence.vectors.items() if m != model},
            scores={m: s for m, s in evidence.scores.items() if m != model},
        )
        assert defense.judge(cut).outcome is Outcome.ERROR

    def test_nan_is_an_error(self, defense: Defense) -> None:
        evidence = clean(views_of(defense))
        for model in MODELS:
            evidence.vectors[model][:] = np.nan
            evidence.scores[model][:] = np.nan
        evidence.fused[:] = np.nan
        assert defense.judge(evidence).outcome is Outcome.ERROR

    def test_no_views_at_all_is_an_error(self, defense: Defense) -> None:
        assert defense.judge(clean(())).outcome is Outcome.ERROR


def test_randomize_draws_anew_and_stays_inside() -> None:
    rng = random.Random(3)
    first, second = DEFENSES[0].views(FACE, rng), DEFENSES[0].views(FACE, rng)
    assert len(first) == VIEW_COUNT
    assert first != second
    for view in (*first, *second):
        assert LEAST_SIDE <= view.inner.width <= 1
        assert view.inner.width == view.inner.height


def test_randomize_fails_when_random_views_lose_the_candidate() -> None:
    evidence = clean(views_of(DEFENSES[0]))
    evidence.fused[1:] = 0.3
    assert DEFENSES[0].judge(evidence).outcome is Outcome.FAIL


def test_randomize_fails_when_one_model_drops() -> None:
    evidence = clean(views_of(DEFENSES[0]))
    evidence.scores["b"][2] = 0.5
    finding = DEFENSES[0].judge(evidence)
    assert finding.outcome is Outcome.FAIL
    assert "b" in finding.detail


def enrolled_picture_shown_again(plain: float) -> ViewEvidence:
    """Return evidence whose random views lie where genuine ones do, while the plain score is ``plain``."""
    evidence = clean(views_of(DEFENSES[0]))
    for model in MODELS:
        evidence.scores[model][0] = plain
        evidence.scores[model][1:] = 0.7
    return evidence


def test_randomize_measures_a_drop_from_no_more_than_genuine_scores_reach() -> None:
    caps = {"a": 0.85, "b": 0.85}
    capped = Randomize(score_threshold=0.5, spread_thresholds={"a": 0.2, "b": 0.2}, plain_score_caps=caps)
    evidence = enrolled_picture_shown_again(1.0)
    assert DEFENSES[0].judge(evidence).outcome is Outcome.FAIL
    assert capped.judge(evidence).outcome is Outcome.PASS
    evidence.scores["b"][3] = 0.6
    assert capped.judge(evidence).outcome is Outcome.FAIL, "a drop from under the cap counts in full"


def test_randomize_leaves_a_score_under_the_cap_as_it_is() -> None:
    evidence = enrolled_picture_shown_again(0.92)
    assert DEFENSES[0].judge(evidence).outcome is Outcome.FAIL
    evidence = enrolled_picture_shown_again(0.88)
    assert DEFENSES[0].judge(evidence).outcome is Outcome.PASS


def test_randomize_passes_no_plain_score_that_is_no_number_and_no_model_without_a_cap() -> None:
    assert DEFENSES[0].judge(enrolled_picture_shown_again(float("nan"))).outcome is Outcome.ERROR
    lacking = Randomize(score_threshold=0.5, spread_thresholds={"a": 0.2, "b": 0.2}, plain_score_caps={"a": 1.0})
    assert lacking.judge(enrolled_picture_shown_again(0.8)).outcome is Outcome.ERROR


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("squeezer", range(len(SQUEEZERS)))
def test_squeeze_fails_when_any_squeezer_moves_any_model(model: str, squeezer: int) -> None:
    evidence = clean(views_of(DEFENSES[1]))
    evidence.vectors[model][1 + squeezer] = direction(2)
    assert DEFENSES[1].judge(evidence).outcome is Outcome.FAIL


def test_agree_fails_when_one_embedding_moves() -> None:
    evidence = clean(views_of(DEFENSES[2]))
    evidence.vectors["a"][0] = -direction(1)
    assert DEFENSES[2].judge(evidence).outcome is Outcome.FAIL


def test_nothing_measured_is_an_error() -> None:
    assert finding_of("x", []).outcome is Outcome.ERROR
