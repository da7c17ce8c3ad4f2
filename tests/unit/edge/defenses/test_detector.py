"""The learned detector reads what others' views gave, and passes nothing that is missing or no number."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest

from edge.daemon.assembly import DEFAULT_PROFILE, defenses_of, policy_of
from edge.defenses.base import ViewEvidence
from edge.defenses.detector import Detector
from edge.defenses.evidence_vector import evidence_columns, evidence_names, measurements_of
from edge.defenses.randomize import VIEW_COUNT
from edge.defenses.squeeze import SQUEEZED_VIEWS, SQUEEZERS
from edge.domain.profile import Agreement
from edge.domain.reasons import Outcome
from edge.settings.sections import PolicySection
from edge.trust.profile import load_profile
from tests.support.baselines import a_baseline
from tests.support.detector_heads import a_head

MODELS, DIM = ("a", "b"), 8
VIEWS = ("plain", *(f"random-{i}" for i in range(VIEW_COUNT)), *(view.name for view in SQUEEZED_VIEWS))
CAPS = {"a": 0.7, "b": 0.9}
NAMES = evidence_names(MODELS)
MAP = np.vstack([np.eye(DIM, dtype=np.float32), np.zeros((1, DIM), np.float32)])
AGREEMENT = Agreement(source="a", target="b", weights=MAP, threshold=0.5)
BASELINES = tuple(a_baseline(model, DIM) for model in MODELS)


def detector(threshold: float = 100.0) -> Detector:
    return Detector(a_head(NAMES, threshold=threshold), agreement=AGREEMENT, baselines=BASELINES, caps=CAPS)


def seen(seed: int = 1) -> ViewEvidence:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=DIM) + 0.1 * rng.normal(size=(len(VIEWS), DIM))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    scores = {m: rng.uniform(0.5, 0.95, size=len(VIEWS)) for m in MODELS}
    return ViewEvidence(
        views=VIEWS,
        vectors={m: rows.copy() for m in MODELS},
        scores=scores,
        fused=np.mean(list(scores.values()), axis=0),
    )


def columns_of(evidence: ViewEvidence) -> dict[str, float]:
    found = evidence_columns(measurements_of(evidence, AGREEMENT, BASELINES), CAPS)
    return {name: float(values[0]) for name, values in found.items()}


def test_the_columns_are_the_named_ones_each_finite() -> None:
    found = columns_of(seen())
    assert set(found) == set(NAMES)
    assert len(NAMES) == len(set(NAMES))
    assert all(map(math.isfinite, found.values()))


def test_the_columns_are_what_the_defenses_measure() -> None:
    evidence = seen()
    found = columns_of(evidence)
    random_rows, scores = slice(1, 1 + VIEW_COUNT), np.minimum(evidence.scores["a"], CAPS["a"])
    assert found["plain a"] == pytest.approx(scores[0])
    assert found["random mean a"] == pytest.approx(scores[random_rows].mean())
    assert found["random drop a"] == pytest.approx(scores[0] - scores[random_rows].min())
    vectors = evidence.vectors["a"].astype(float)
    shift = 1 - vectors[evidence.row(f"squeeze-{SQUEEZERS[0]}")] @ vectors[0]
    assert 2 ** found[f"{SQUEEZERS[0]} a"] == pytest.approx(shift, abs=1e-3)
    assert found["agreement"] == pytest.approx(1.0)


def test_it_names_no_view() -> None:
    assert detector().views(None, random.Random(1)) == ()  # type: ignore[arg-type]  # no face is looked at


def test_it_passes_below_its_threshold_and_fails_above() -> None:
    score = detector().judge(seen()).statistic
    assert detector(score + 0.01).judge(seen()).outcome is Outcome.PASS
    assert detector(score - 0.01).judge(seen()).outcome is Outcome.FAIL


@pytest.mark.parametrize("missing", VIEWS)
def test_without_a_view_it_cannot_judge(missing: str) -> None:
    evidence = seen()
    keep = [i for i, view in enumerate(VIEWS) if view != missing]
    cut = ViewEvidence(
        views=tuple(VIEWS[i] for i in keep),
        vectors={m: rows[keep] for m, rows in evidence.vectors.items()},
        scores={m: rows[keep] for m, rows in evidence.scores.items()},
        fused=evidence.fused[keep],
    )
    assert detector().judge(cut).outcome is Outcome.ERROR


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("row", range(len(VIEWS)))
def test_a_vector_that_is_no_number_is_an_error(model: str, bad: float, row: int) -> None:
    evidence = seen()
    evidence.vectors[model][row, 0] = bad
    assert detector().judge(evidence).outcome is Outcome.ERROR


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("row", range(len(VIEWS)))
def test_a_score_that_is_no_number_is_an_error(model: str, bad: float, row: int) -> None:
    evidence = seen()
    evidence.scores[model][row] = bad
    assert detector().judge(evidence).outcome is Outcome.ERROR


@pytest.mark.parametrize("model", MODELS)
def test_without_a_model_it_cannot_judge(model: str) -> None:
    evidence = seen()
    other = {m: v for m, v in evidence.vectors.items() if m != model}
    assert detector().judge(replace(evidence, vectors=other)).outcome is Outcome.ERROR
    assert detector().judge(replace(evidence, scores={})).outcome is Outcome.ERROR


def test_a_profile_with_a_head_makes_it_mandatory_and_one_without_has_none() -> None:
    profile = load_profile(DEFAULT_PROFILE, environment="development")
    names = evidence_names(tuple(profile.match.weights))
    with_head = replace(profile, detector_head=a_head(names))
    for some, is_there in ((with_head, True), (replace(profile, detector_head=None), False)):
        terms = policy_of(PolicySection(), some, is_stills=True).frame
        assert (Detector.name in terms.mandatory) is is_there
        assert [d.name for d in defenses_of(some)].count(Detector.name) == is_there


def test_without_a_baseline_it_cannot_judge() -> None:
    lame = Detector(a_head(NAMES, threshold=100.0), agreement=AGREEMENT, baselines=BASELINES[:1], caps=CAPS)
    assert lame.judge(seen()).outcome is Outcome.ERROR


def test_a_head_that_reads_what_nobody_measures_cannot_judge() -> None:
    strange = Detector(a_head((*NAMES, "shoe size")), agreement=AGREEMENT, baselines=BASELINES, caps=CAPS)
    assert strange.judge(seen()).outcome is Outcome.ERROR
