"""The certificate is asked for last, of a would-be grant alone, on the very frame, and nothing stands in for it."""

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.defenses.base import Defense, ViewEvidence
from edge.defenses.occlude import Occlude
from edge.domain.certificate import Alignment
from edge.domain.embedding import Binding
from edge.domain.face import Face
from edge.domain.finding import Finding
from edge.domain.mask_family import MaskFamily
from edge.domain.match import SubjectRef
from edge.domain.profile import MatchPoint
from edge.domain.reasons import Outcome
from edge.pipeline.certify import Certifier
from edge.pipeline.occluded import OccludedCopies
from edge.pipeline.verify import Verifier
from edge.recognition.gallery import Gallery, Template
from edge.vision.detect import FaceDetector
from engines.catalog import CropRecipe
from engines.render.spec import ViewSpec
from tests.support.one_answer_models import PlainRenderer, face, frame, stage
from tests.support.patch_certificates import DIMENSIONS, a_certificate
from tests.support.white_rectangle_engine import WhiteRectangleEngine, make_face

ANN = SubjectRef("ann")
SFACE = Binding("sface-2021dec", "d", "r", "reference")
OTHER = Binding("b", "d", "r", "reference")
POINT = MatchPoint(
    threshold=0.5,
    weights={SFACE.model_id: 0.5, "b": 0.5},
    floors={SFACE.model_id: 0.3, "b": 0.3},
    alone={SFACE.model_id: 0.7, "b": 0.7},
)
X = np.eye(DIMENSIONS, dtype=np.float32)[0]
Y = np.eye(DIMENSIONS, dtype=np.float32)[1]
TIERED = replace(a_certificate(model_id=SFACE.model_id), centers=np.zeros((3, DIMENSIONS), np.float32))
OWN = {TIERED.name: np.repeat(X[np.newaxis].astype(np.float64), 3, axis=0)}


class Says:
    """A defense that asks for no view and says what a test wants."""

    name = "says"

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    def views(self, face: Face, rng: random.Random) -> Sequence[ViewSpec]:
        return ()

    def judge(self, evidence: ViewEvidence) -> Finding:
        return Finding(defense=self.name, outcome=self._outcome, statistic=0, threshold=1)


def verified(
    *,
    sees: NDArray[np.float32] = X,
    says: Outcome = Outcome.PASS,
    own: dict[str, NDArray[np.float64]] | None = None,
    shown: Face | None = None,
    probe: NDArray[np.float32] = X,
) -> tuple[dict[str, Outcome], PlainRenderer, tuple[Finding, ...]]:
    """Verify somebody whose occluded copies are all ``sees``."""
    renderer, plain = PlainRenderer(), PlainRenderer()
    copies = OccludedCopies(
        (stage(SFACE, sees, renderer),), FaceDetector(WhiteRectangleEngine(320, 256), threshold=0.8)
    )
    certifier = Certifier(Occlude((TIERED,)), copies, {SFACE.model_id: CropRecipe.ALIGN_112})
    defenses: tuple[Defense, ...] = (Says(says),)
    models = (stage(SFACE, probe, plain), stage(OTHER, probe, plain))
    verifier = Verifier(models=models, defenses=defenses, point=POINT, rng=random.Random(1), certifier=certifier)
    known = Template.from_vectors(X[np.newaxis])
    gallery = Gallery(
        {SFACE.model_id: SFACE, "b": OTHER},
        {ANN: {SFACE.model_id: known, "b": known}},
        {ANN: OWN if own is None else own},
    )
    found = verifier.verify(frame().pixels, shown or face(), ANN, gallery).findings
    return {f.defense: f.outcome for f in found}, renderer, found


def test_a_person_has_a_finding_of_the_certificate_after_the_others() -> None:
    found, renderer, findings = verified()
    assert list(found.items()) == [("says", Outcome.PASS), ("occlude", Outcome.PASS)]
    assert renderer.batches == [["upper", "middle", "lower"]]
    assert "of tiered" in findings[-1].detail


def test_copies_of_somebody_else_fail_and_the_mask_is_named() -> None:
    found, _, findings = verified(sees=Y)
    assert found["occlude"] is Outcome.FAIL
    assert findings[-1].detail == "upper of tiered"


def test_where_another_defense_failed_nobody_asks() -> None:
    found, renderer, _ = verified(says=Outcome.FAIL)
    assert found == {"says": Outcome.FAIL}
    assert renderer.batches == []


def test_what_is_no_would_be_grant_costs_no_copy() -> None:
    found, renderer, _ = verified(probe=Y)
    assert found == {}
    assert renderer.batches == []


@pytest.mark.parametrize("own", [{}, {"other": OWN["tiered"]}])
def test_whoever_has_no_occluded_templates_is_an_error_and_costs_no_copy(own: dict[str, NDArray[np.float64]]) -> None:
    found, renderer, findings = verified(own=own)
    assert found["occlude"] is Outcome.ERROR
    assert "enroll" in findings[-1].detail
    assert renderer.batches == []


def test_a_template_of_nan_is_an_error() -> None:
    assert verified(own={"tiered": OWN["tiered"] * np.nan})[0]["occlude"] is Outcome.ERROR


def test_a_face_whose_pixels_reach_further_than_is_certified_is_an_error() -> None:
    """A pixel of a frame that is larger than the masks' margins could carry a patch out of its mask."""
    found, renderer, findings = verified(shown=make_face(60, 60, 60, 60))
    assert found["occlude"] is Outcome.ERROR
    assert "too small" in findings[-1].detail
    assert renderer.batches == []


def test_a_small_face_does_when_masks_are_painted_into_the_frame() -> None:
    again = replace(TIERED, name="again", alignment=Alignment.REALIGNED)
    engine = WhiteRectangleEngine(320, 256)
    engine.activate()
    copies = OccludedCopies((stage(SFACE, X, PlainRenderer()),), FaceDetector(engine, threshold=0.8))
    certifier = Certifier(Occlude((again,)), copies, {SFACE.model_id: CropRecipe.ALIGN_112})
    pixels = np.full((256, 320, 3), 40, np.uint8)
    pixels[60:120, 60:120] = 255
    gallery = Gallery({}, {}, {ANN: {"again": OWN["tiered"]}})
    assert certifier.certify(pixels, make_face(60, 60, 60, 60), ANN, gallery).outcome is Outcome.PASS
    assert MaskFamily.of(again).alignment is Alignment.REALIGNED
