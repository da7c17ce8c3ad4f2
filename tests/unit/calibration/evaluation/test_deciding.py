"""Decisions on single pictures: without defenses they are the gate's own, and one model alone asks nobody else."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from calibration.evaluation.deciding import BothModels, OneModel, models_alone
from calibration.pictures.faces import FacePicture
from edge.domain.assessment import Assessment
from edge.domain.finding import Finding
from edge.domain.match import SubjectRef
from edge.domain.reasons import Outcome, Reason
from edge.domain.verdict import AttemptId
from edge.pipeline.judge import FaceJudge
from edge.pipeline.opinion import SecondOpinion
from edge.pipeline.screen import Screener
from edge.pipeline.verify import Verifier
from edge.policy.decide import AttemptEvidence
from edge.policy.rules import FrameTerms, frame_rules
from edge.recognition.gallery import Gallery, Template
from tests.support.one_answer_models import PlainRenderer, face, frame, stage
from tests.support.profiles import A, B, a_profile

PROFILE = a_profile()
ANN, BOB = SubjectRef("ann"), SubjectRef("bob")
X, Y, Z = np.eye(3, dtype=np.float32)
GALLERY = Gallery(
    {"a": A, "b": B},
    {who: dict.fromkeys("ab", Template.from_vectors(v[np.newaxis])) for who, v in ((ANN, X), (BOB, Y))},
)
PASSED = Finding(defense="d", outcome=Outcome.PASS, statistic=0, threshold=1)
WITH_DEFENSE = frame_rules(FrameTerms(match=PROFILE.match, mandatory=frozenset({"d"}), reasons={}, most_age_ms=1))

unit = arrays(np.float32, 3, elements=st.floats(-1, 1, width=32)).filter(lambda v: np.linalg.norm(v) > 0.1)


def picture(first: NDArray[np.float32], second: NDArray[np.float32], width: float = 112) -> FacePicture:
    vectors = {"a": first / np.linalg.norm(first), "b": second / np.linalg.norm(second)}
    return FacePicture(Path("p.jpg"), frame(), face(width), {m: v[np.newaxis] for m, v in vectors.items()})


def judged(shown: FacePicture) -> Assessment:
    """Return what the gate's judge makes of the same picture, with models that answer the same."""
    a, b = (stage(binding, shown.vectors[binding.model_id][0], PlainRenderer()) for binding in (A, B))
    judge = FaceJudge(
        profile=PROFILE,
        gallery=lambda: GALLERY,
        screener=Screener(embedder=a.embedder, crop_recipe=a.crop_recipe, profile=PROFILE),
        opinion=SecondOpinion(model=b, alone_threshold=0.7),
        verifier=Verifier(models=(a, b), defenses=(), point=PROFILE.match, rng=random.Random(1)),
    )
    seen = AttemptEvidence(attempt_id=AttemptId("t"), started_ns=0, assessments=())
    return judge.assess(shown.frame, shown.face, seen)


@settings(deadline=None)  # engines and quality gate run in each example
@given(unit, unit)
def test_the_evidence_is_what_the_gate_collects(first: NDArray[np.float32], second: NDArray[np.float32]) -> None:
    shown = picture(first, second)
    ours, theirs = BothModels(PROFILE, GALLERY).assess(shown), judged(shown)
    assert ours.quality == theirs.quality
    for mine, gates in ((ours.screen, theirs.screen), (ours.verified, theirs.verified)):
        assert (mine is None) == (gates is None)
        if mine is not None and gates is not None:
            assert mine.subject == gates.subject
            assert mine.per_model == pytest.approx(gates.per_model, abs=1e-6)
            assert mine.fused == pytest.approx(gates.fused, abs=1e-6)


@settings(deadline=None)  # engines and quality gate run in each example
@given(unit, unit, st.sampled_from([30.0, 112.0]))
def test_whoever_is_granted_would_be_by_the_gate_if_every_defense_passed(
    first: NDArray[np.float32], second: NDArray[np.float32], width: float
) -> None:
    shown = picture(first, second, width)
    both = BothModels(PROFILE, GALLERY)
    seen = both.assess(shown)
    with_findings = Assessment(
        frame_seq=seen.frame_seq,
        captured_ns=seen.captured_ns,
        quality=seen.quality,
        screen=seen.screen,
        verified=seen.verified,
        findings=(PASSED,),
    )
    reason = WITH_DEFENSE(with_findings, seen.captured_ns)
    answer = both.answer(shown)
    assert (answer.granted is not None) == (reason is None)
    assert answer.reason is (reason or Reason.MATCH)


@pytest.mark.parametrize(
    ("first", "second", "width", "step"),
    [
        (X, X, 30, "low_quality: too_small"),
        (Z, Z, 112, "unknown_person: screening"),
        (np.array([0.45, 0, 0.893]), np.array([0.35, 0, 0.937]), 112, "unknown_person: fused score"),
        (X, np.array([0.1, 0, 0.995]), 112, "model_disagreement: floor of b"),
        (np.array([0.6, 0, 0.8]), np.array([0.1, 0, 0.995]), 112, "unknown_person: floor of b, fused score"),
    ],
)
def test_the_step_that_refuses_is_named(
    first: NDArray[np.float32], second: NDArray[np.float32], width: float, step: str
) -> None:
    shown = picture(first.astype(np.float32), second.astype(np.float32), width)
    answer = BothModels(PROFILE, GALLERY).answer(shown)
    assert answer.granted is None
    assert answer.step == step


def test_one_model_alone_asks_neither_the_quality_gate_nor_the_other() -> None:
    shown = picture(X, Y, width=30)
    said = {model: decider.answer(shown).granted for model, decider in models_alone(PROFILE, GALLERY).items()}
    assert said == {"a": ANN, "b": BOB}


def test_one_model_alone_has_a_threshold_of_its_own() -> None:
    near = picture(np.array([0.69, 0, 0.724], np.float32), X)
    answer = OneModel("a", PROFILE, GALLERY).answer(near)
    assert (answer.granted, answer.reason) == (None, Reason.UNKNOWN_PERSON)
    assert OneModel("a", PROFILE, Gallery({"a": A, "b": B}, {})).answer(near).granted is None
