"""The evidence of one frame: who is asked what, and when the expensive pass runs."""

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.defenses.base import Defense, ViewEvidence, finding_of
from edge.defenses.pixels.base import PixelDefense
from edge.defenses.squeeze import SQUEEZED_VIEWS
from edge.domain.assessment import Assessment
from edge.domain.face import Box, Face
from edge.domain.finding import Finding
from edge.domain.match import SubjectRef
from edge.domain.reasons import Outcome, QualityIssue, Reason
from edge.domain.verdict import AttemptId
from edge.pipeline.judge import FaceJudge
from edge.pipeline.opinion import NAME, SecondOpinion
from edge.pipeline.screen import Screener
from edge.pipeline.verify import Verifier
from edge.policy.decide import AttemptEvidence
from edge.recognition.gallery import Gallery, Template
from engines.render.spec import ViewSpec
from tests.support.nv12 import nv12_of
from tests.support.one_answer_models import PlainRenderer, face, frame, stage
from tests.support.profiles import A, B, a_profile

ANN = SubjectRef("ann")
PROFILE = a_profile()
X, Y, _ = np.eye(3, dtype=np.float32)
SEEN = AttemptEvidence(attempt_id=AttemptId("t"), started_ns=0, assessments=())


class Sees:
    """A defense that asks for the squeezed views and passes."""

    name = "sees"

    def views(self, face: Face, rng: random.Random) -> Sequence[ViewSpec]:
        return SQUEEZED_VIEWS

    def judge(self, evidence: ViewEvidence) -> Finding:
        assert evidence.views == ("plain", *(v.name for v in SQUEEZED_VIEWS))
        assert evidence.vectors["a"].shape == (4, 3)
        return Finding(defense=self.name, outcome=Outcome.PASS, statistic=0, threshold=1)


class Looks:
    """A pixel defense that notes what it was shown and fails."""

    name = "looks"

    def __init__(self) -> None:
        self.shown: list[tuple[tuple[int, ...], Face]] = []

    def judge_pixels(self, pixels: NDArray[np.uint8], face: Face) -> Finding:
        self.shown.append((pixels.shape, face))
        return Finding(defense=self.name, outcome=Outcome.FAIL, statistic=2, threshold=1)


def world(
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    *,
    people: bool = True,
    pixel_defenses: Sequence[PixelDefense] = (),
) -> tuple[FaceJudge, PlainRenderer]:
    renderer = PlainRenderer()
    a, b = stage(A, first, renderer), stage(B, second, renderer)
    known = Template.from_vectors(X[np.newaxis])
    gallery = Gallery({"a": A, "b": B}, {ANN: {"a": known, "b": known}} if people else {})
    defenses: tuple[Defense, ...] = (Sees(),)
    judge = FaceJudge(
        profile=PROFILE,
        gallery=lambda: gallery,
        screener=Screener(embedder=a.embedder, crop_recipe=a.crop_recipe, profile=PROFILE),
        opinion=SecondOpinion(model=b, alone_threshold=0.7),
        verifier=Verifier(
            models=(a, b),
            defenses=defenses,
            point=PROFILE.match,
            rng=random.Random(1),
            pixel_defenses=pixel_defenses,
        ),
    )
    return judge, renderer


def assess(judge: FaceJudge, seen: AttemptEvidence = SEEN, width: float = 112) -> Assessment:
    return judge.assess(frame(), face(width), seen)


def test_a_candidate_is_verified_on_the_same_frame_with_all_views() -> None:
    judge, renderer = world(X, X)
    result = assess(judge)
    assert result.screen is not None
    assert result.verified is not None
    assert result.verified.per_model == {"a": pytest.approx(1), "b": pytest.approx(1)}
    assert [f.outcome for f in result.findings] == [Outcome.PASS]
    assert renderer.batches == [["plain"], ["plain"], *[["plain", *(v.name for v in SQUEEZED_VIEWS)]] * 2]


@pytest.mark.parametrize("answer", [X, Y], ids=["candidate", "stranger"])
def test_models_are_shown_the_native_picture_and_everything_else_bgr(answer: NDArray[np.float32]) -> None:
    looks = Looks()
    judge, renderer = world(answer, X, pixel_defenses=(looks,))
    bgr = frame()
    kept = replace(bgr, native=nv12_of(bgr.pixels))
    plain = judge.assess(bgr, face(112), SEEN)
    assert all(pixels is bgr.pixels for pixels in renderer.shown)
    asked = len(renderer.shown)
    shown = judge.assess(kept, face(112), SEEN)
    assert len(renderer.shown) == 2 * asked >= 4
    assert all(pixels is kept.native for pixels in renderer.shown[asked:])
    assert {shape for shape, _ in looks.shown} <= {bgr.pixels.shape}
    assert (shown.face_digest, shown.quality) == (plain.face_digest, plain.quality)


def test_a_would_be_grant_is_shown_to_the_pixel_defenses_as_it_is_in_the_frame() -> None:
    looks = Looks()
    judge, _ = world(X, X, pixel_defenses=(looks,))
    result = assess(judge)
    assert [(f.defense, f.outcome) for f in result.findings] == [("sees", Outcome.PASS), ("looks", Outcome.FAIL)]
    assert [(shape, found.box) for shape, found in looks.shown] == [((240, 320, 3), Box(60, 60, 112, 112))]


def test_what_is_no_would_be_grant_is_shown_to_no_pixel_defense() -> None:
    looks = Looks()
    judge, _ = world(np.array([0.45, 0.89, 0], np.float32), Y, pixel_defenses=(looks,))
    assess(judge)
    assert looks.shown == []


def test_somebody_who_merely_resembles_a_person_costs_one_pass_a_model_and_no_defense() -> None:
    resembling = np.array([0.45, 0.89, 0], np.float32)
    judge, renderer = world(resembling, Y)
    result = assess(judge)
    assert result.screen is not None
    assert result.verified is not None
    assert result.verified.fused < PROFILE.match.threshold
    assert result.findings == ()
    assert renderer.batches == [["plain"], ["plain"]]


def test_a_stranger_costs_one_pass_and_one_second_opinion_an_attempt() -> None:
    judge, renderer = world(Y, Y)
    first = assess(judge)
    assert (first.screen, first.verified) == (None, None)
    assert [(f.defense, f.outcome) for f in first.findings] == [(NAME, Outcome.PASS)]
    assert len(renderer.batches) == 2
    later = assess(judge, AttemptEvidence(attempt_id=AttemptId("t"), started_ns=0, assessments=(first,)))
    assert later.findings == ()
    assert len(renderer.batches) == 3


def test_a_stranger_whom_the_other_model_knows_is_a_finding() -> None:
    judge, _ = world(Y, X)
    assert [(f.defense, f.outcome) for f in assess(judge).findings] == [(NAME, Outcome.FAIL)]


def test_verification_uses_both_models_whatever_screening_said() -> None:
    judge, _ = world(X, np.array([0.1, 0, 0.995], np.float32))
    result = assess(judge)
    assert result.verified is not None
    assert result.verified.per_model == {"a": pytest.approx(1), "b": pytest.approx(0.1, abs=1e-3)}


def test_an_empty_gallery_is_a_fault_before_any_engine_runs() -> None:
    judge, renderer = world(X, X, people=False)
    assert assess(judge).fault is Reason.EMPTY_GALLERY
    assert renderer.batches == []


def test_more_people_than_the_profile_is_for_are_a_fault_before_any_engine_runs() -> None:
    known = Template.from_vectors(X[np.newaxis])
    most = PROFILE.gallery.most_people
    for people, fault in ((most, None), (most + 1, Reason.GALLERY_OUTGROWN)):
        judge, renderer = world(X, X)
        gallery = Gallery({"a": A, "b": B}, {SubjectRef(f"p{i}"): {"a": known, "b": known} for i in range(people)})
        found = assess(replace(judge, gallery=partial(lambda g: g, gallery)))
        assert found.fault is fault
        assert (found.verified is None) == (not renderer.batches) == (fault is not None)


def test_a_poor_picture_reaches_no_engine() -> None:
    judge, renderer = world(X, X)
    result = assess(judge, width=30)
    assert result.quality is not None
    assert QualityIssue.TOO_SMALL in result.quality.issues
    assert renderer.batches == []


def test_nothing_measured_is_never_a_pass() -> None:
    assert finding_of("x", []).outcome is Outcome.ERROR
