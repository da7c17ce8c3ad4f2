"""Copies are made as the family says: at the alignment found, or where the face is found again."""

from dataclasses import replace

import numpy as np
import pytest

from edge.domain.certificate import Alignment, Mask
from edge.domain.embedding import Binding
from edge.domain.errors import TrustError
from edge.domain.mask_family import MaskFamily
from edge.pipeline.occluded import OccludedCopies, certificate_templates, masked_templates, nearest_face
from edge.vision.detect import FaceDetector
from tests.support.masked_rows import unit_rows
from tests.support.one_answer_models import PlainRenderer, stage
from tests.support.patch_certificates import DIMENSIONS, MASKS, a_certificate, a_mask
from tests.support.white_rectangle_engine import WhiteRectangleEngine, make_face

SFACE = Binding("sface-2021dec", "d", "r", "reference")
X = np.array([1, 0, 0], np.float32)
GIVEN = MaskFamily(model_id=SFACE.model_id, alignment=Alignment.GIVEN, masks=MASKS)
AGAIN = replace(GIVEN, alignment=Alignment.REALIGNED)
EVERYTHING = a_mask("everything", "cheap", height=1.0)
FACE = make_face(80, 60, 90, 90)


def frame() -> np.ndarray:
    pixels = np.full((256, 320, 3), 40, np.uint8)
    pixels[60:150, 80:170] = 255
    return pixels


def copies() -> tuple[OccludedCopies, PlainRenderer, WhiteRectangleEngine]:
    renderer, engine = PlainRenderer(), WhiteRectangleEngine(320, 256)
    engine.activate()
    return OccludedCopies((stage(SFACE, X, renderer),), FaceDetector(engine, threshold=0.8)), renderer, engine


def test_a_given_alignment_is_one_batch_and_no_detection() -> None:
    made, renderer, engine = copies()
    rows = made.rows(frame(), FACE, (GIVEN,))
    np.testing.assert_allclose(rows[GIVEN], [X] * 3)
    assert renderer.batches == [[mask.name for mask in MASKS]]
    assert engine.passes == 0


def test_what_two_families_hide_alike_is_embedded_once() -> None:
    made, renderer, _ = copies()
    part = replace(GIVEN, masks=(replace(MASKS[2], name="other"), a_mask("new", "cheap", top=0.2)))
    rows = made.rows(frame(), FACE, (GIVEN, part))
    assert renderer.batches == [["upper", "middle", "lower", "new"]]
    assert (rows[GIVEN].shape, rows[part].shape) == ((3, 3), (2, 3))


def test_a_realigned_copy_looks_for_the_face_again_under_each_mask() -> None:
    made, renderer, engine = copies()
    pixels = frame()
    rows = made.rows(pixels, FACE, (AGAIN,))
    assert rows[AGAIN].shape == (3, 3)
    assert engine.passes >= 3
    assert renderer.batches == [["plain"]] * 3
    assert (pixels == frame()).all()


def test_a_face_that_is_not_found_again_is_a_row_of_nan() -> None:
    made, renderer, _ = copies()
    family = replace(AGAIN, masks=(EVERYTHING, MASKS[2]))
    rows = made.rows(frame(), FACE, (family,))[family]
    assert np.isnan(rows[0]).all()
    assert np.isfinite(rows[1]).all()
    assert renderer.batches == [["plain"]]


def test_another_face_far_away_is_not_taken_for_it() -> None:
    pixels = frame()
    pixels[200:250, 250:300] = 255
    made, _, _ = copies()
    family = replace(AGAIN, masks=(EVERYTHING,))
    assert np.isnan(made.rows(pixels, FACE, (family,))[family]).all()


def test_the_nearest_face_is_the_one_whose_center_is_nearest() -> None:
    near, nearer, far = make_face(85, 65, 90, 90), make_face(82, 61, 80, 90), make_face(200, 60, 90, 90)
    assert nearest_face((far, near, nearer), FACE) is nearer
    assert nearest_face((far,), FACE) is None
    assert nearest_face((), FACE) is None


def test_what_is_stored_names_family_picture_and_binding() -> None:
    made, _, _ = copies()
    stored = masked_templates(made, [(frame(), FACE)] * 2, (GIVEN, AGAIN), {SFACE.model_id: SFACE})
    assert [(m.picture, m.family, m.binding) for m in stored] == [
        (number, family.digest, SFACE) for number in range(2) for family in (GIVEN, AGAIN)
    ]
    assert "array" not in repr(stored)


def test_a_certificate_takes_the_copies_of_its_own_masks() -> None:
    asked = a_certificate()
    other: Mask = replace(MASKS[0], fill=9)
    rows = np.stack([unit_rows(number, 3, DIMENSIONS) for number in range(2)])
    moved = replace(asked, name="moved", masks=(other, *MASKS[1:]))
    found = certificate_templates((asked, moved), {MaskFamily.of(asked): rows})
    assert list(found) == ["tiered"]
    np.testing.assert_allclose(found["tiered"], asked.template(rows))


def test_copies_of_another_length_are_refused() -> None:
    asked = a_certificate()
    with pytest.raises(TrustError, match="do not fit"):
        certificate_templates((asked,), {MaskFamily.of(asked): np.zeros((2, 3, DIMENSIONS + 1), np.float32)})
