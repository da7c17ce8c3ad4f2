"""The fitted head scores as scikit-learn does, and judges nobody whom it has seen."""

from dataclasses import replace

import numpy as np
import pytest

from calibration.fitting.attempts import Attempts
from calibration.fitting.detector_head import (
    STRENGTH,
    Genuine,
    design,
    fit_head,
    genuine_columns,
    head_without,
    held_out_scores,
    kind_of,
    would_be_granted,
)
from edge.defenses.base import ViewEvidence
from edge.defenses.evidence_vector import evidence_columns, evidence_names, measurements_of
from edge.defenses.randomize import VIEW_COUNT
from edge.defenses.squeeze import SQUEEZED_VIEWS
from edge.domain.errors import UsageError
from edge.domain.profile import Agreement, MatchPoint
from tests.support.baselines import a_baseline
from tests.support.detector_heads import attacks_of, genuine_of

MODELS = ("a", "b")
NAMES = evidence_names(MODELS)
VIEWS = ("plain", *(f"random-{i}" for i in range(VIEW_COUNT)), *(view.name for view in SQUEEZED_VIEWS))
CAPS = {"a": 0.7, "b": 0.9}
AGREEMENT = Agreement(source="a", target="b", weights=np.eye(9, 8, dtype=np.float32), threshold=0.5)
POINT = MatchPoint(
    threshold=0.5, weights={"a": 0.5, "b": 0.5}, floors={"a": 0.3, "b": 0.3}, alone={"a": 0.7, "b": 0.7}
)


def test_its_scores_are_scikit_learns() -> None:
    from sklearn.linear_model import LogisticRegression

    genuine, attacks = genuine_of(NAMES), attacks_of(NAMES, ("joint", "patch"), shift=0.05)
    head = fit_head(genuine, attacks, MODELS).head
    rows, labels, weights = design(genuine, attacks, NAMES)
    own = rows[labels == 0]
    white = (rows - own.mean(axis=0)) / own.std(axis=0)
    theirs = LogisticRegression(C=STRENGTH, max_iter=2000).fit(white, labels, sample_weight=weights)
    ours = head.scores({name: rows[:, i] for i, name in enumerate(NAMES)})
    np.testing.assert_allclose(ours, theirs.decision_function(white), atol=1e-9)
    assert np.mean((ours > 0) == (labels == 1)) > 0.95


def test_every_kind_weighs_as_much_and_all_as_much_as_people() -> None:
    genuine = genuine_of(NAMES)
    some = attacks_of(NAMES, ("joint @2", "joint @4", "patch"), shift=0.1)
    _, labels, weights = design(genuine, some, NAMES)
    assert weights[labels == 1].sum() == pytest.approx(len(genuine.owners))
    of_patches = weights[labels == 1][np.array(some.families) == "patch"].sum()
    assert of_patches == pytest.approx(len(genuine.owners) / 2)
    assert kind_of("oblivious pgd-20 @4") == "oblivious"


def test_nobody_is_judged_by_a_head_that_has_seen_them() -> None:
    genuine, attacks = genuine_of(NAMES), attacks_of(NAMES, ("joint",), shift=0.1)
    is_first = genuine.owners % 5 == 0
    moved = Genuine(
        columns={n: np.where(is_first, v + 3.0, v) for n, v in genuine.columns.items()}, owners=genuine.owners
    )
    before, after = (head_without(some, attacks, NAMES, 0) for some in (genuine, moved))
    np.testing.assert_array_equal(before.weights, after.weights)
    scores = held_out_scores(genuine, attacks, NAMES)
    theirs = {n: v[is_first] for n, v in genuine.columns.items()}
    np.testing.assert_array_equal(scores[is_first], before.scores(theirs))
    others = attacks.only(attacks.victims % 5 != 0)
    np.testing.assert_array_equal(head_without(genuine, others, NAMES, 0).weights, before.weights)


def test_only_would_be_grants_count() -> None:
    some = attacks_of(NAMES, ("joint", "patch"), shift=0.0)
    values = some.values.copy()
    plain = [NAMES.index(f"plain {m}") for m in MODELS]
    values[0, plain] = 0.9, 0.2  # under a floor
    values[1, plain] = 0.45, 0.45  # under the threshold
    values[2, 0] = np.nan
    assert len(would_be_granted(replace(some, values=values), POINT)) == len(some) - 3


def test_attempts_give_the_columns_that_the_gate_sees() -> None:
    rng, rows = np.random.default_rng(8), len(VIEWS)
    vectors = {m: rng.normal(size=(rows, 8)) for m in MODELS}
    units = {m: (v / np.linalg.norm(v, axis=1, keepdims=True)).astype(np.float32) for m, v in vectors.items()}
    scores = {m: rng.uniform(0.5, 0.95, size=rows) for m in MODELS}
    evidence = ViewEvidence(views=VIEWS, vectors=units, scores=scores, fused=np.zeros(rows))
    baselines = tuple(a_baseline(m, 8) for m in MODELS)
    found = measurements_of(evidence, AGREEMENT, baselines)
    squeezed = slice(1 + VIEW_COUNT, None)
    attempts = Attempts(
        owners=np.zeros(1, np.int64),
        plain={m: s[:1] for m, s in scores.items()},
        random={m: s[np.newaxis, 1 : 1 + VIEW_COUNT] for m, s in scores.items()},
        shifts={m: 1 - (v[squeezed].astype(float) @ v[0].astype(float))[np.newaxis] for m, v in units.items()},
        vectors={m: v[:1] for m, v in units.items()},
        pixels={},
        rows=np.zeros(1, np.int64),
    )
    learned = {"agreement": found.agreement, **found.baselines}
    ours, gates = genuine_columns(attempts, learned, CAPS), evidence_columns(found, CAPS)
    assert ours.keys() == gates.keys() == set(NAMES)
    for name in NAMES:
        np.testing.assert_allclose(ours[name], gates[name], rtol=1e-12)


def test_too_few_attacks_are_refused() -> None:
    few = attacks_of(NAMES, ("joint",), shift=0.1, each=19)
    with pytest.raises(UsageError, match="needs 20"):
        fit_head(genuine_of(NAMES), few, MODELS)
