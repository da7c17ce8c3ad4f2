"""Decoding of YuNet's outputs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.face import Box
from edge.vision.yunet import DecodeLimits, YuNetDecoder, suppressed
from tests.support.white_rectangle_engine import empty_outputs, plant

LIMITS = DecodeLimits(threshold=0.8)


@pytest.mark.parametrize("stride", [8, 16, 32])
def test_a_planted_face_is_read_back(stride: int) -> None:
    outputs = empty_outputs(320, 256)
    plant(outputs, 320, (101.5, 60.25, 48.0, 64.0), 0.9, stride)
    found = YuNetDecoder(320, 256).decode(outputs, LIMITS)
    np.testing.assert_allclose(found.boxes, [[101.5, 60.25, 48.0, 64.0]], atol=1e-3)
    np.testing.assert_allclose(found.scores, [0.9], atol=1e-6)
    np.testing.assert_allclose(
        found.landmarks[0, 0], [101.5 + 38.2946 / 112 * 48, 60.25 + 51.6963 / 112 * 64], atol=1e-3
    )


def test_score_is_the_clamped_geometric_mean() -> None:
    outputs = empty_outputs(64, 64)
    outputs["cls_8"][0, 3], outputs["obj_8"][0, 3] = 1.7, 0.81
    found = YuNetDecoder(64, 64).decode(outputs, LIMITS)
    np.testing.assert_allclose(found.scores, [0.9], atol=1e-6)


def test_nothing_is_an_empty_answer() -> None:
    found = YuNetDecoder(64, 64).decode(empty_outputs(64, 64), LIMITS)
    assert found.boxes.shape == (0, 4)
    assert found.landmarks.shape == (0, 5, 2)
    assert found.scores.shape == (0,)


def test_twenty_faces_are_all_found_best_first() -> None:
    outputs = empty_outputs(640, 480)
    for i in range(20):
        plant(outputs, 640, (10.0 + 120 * (i % 5), 10.0 + 110 * (i // 5), 60.0, 80.0), 0.81 + i / 200)
    found = YuNetDecoder(640, 480).decode(outputs, LIMITS)
    assert len(found.scores) == 20
    assert (np.diff(found.scores) <= 0).all()


def test_the_weaker_of_two_overlapping_boxes_goes() -> None:
    outputs = empty_outputs(320, 256)
    plant(outputs, 320, (100.0, 60.0, 48.0, 64.0), 0.85, 8)
    plant(outputs, 320, (104.0, 62.0, 48.0, 64.0), 0.95, 16)
    found = YuNetDecoder(320, 256).decode(outputs, LIMITS)
    np.testing.assert_allclose(found.scores, [0.95], atol=1e-6)


@pytest.mark.parametrize("log_size", [50.0, 9.0, -200.0])
def test_absurd_sizes_are_dropped(log_size: float) -> None:
    outputs = empty_outputs(64, 64)
    outputs["cls_8"][0, 3] = outputs["obj_8"][0, 3] = 1.0
    outputs["bbox_8"][0, 3] = [0, 0, log_size, 0]
    assert not len(YuNetDecoder(64, 64).decode(outputs, LIMITS).scores)


def test_suppression_time_is_bounded_by_candidates() -> None:
    outputs = empty_outputs(640, 640)
    for value in outputs.values():
        value[...] = 0
    for kind in ("cls_8", "obj_8"):
        outputs[kind][...] = 1
    outputs["bbox_8"][..., 2:] = -1
    found = YuNetDecoder(640, 640).decode(outputs, DecodeLimits(threshold=0.8, most_candidates=50))
    assert len(found.scores) == 50


def test_the_answer_does_not_change_with_the_engines_buffers() -> None:
    outputs = empty_outputs(64, 64)
    plant(outputs, 64, (10.0, 10.0, 20.0, 20.0), 0.9)
    found = YuNetDecoder(64, 64).decode(outputs, LIMITS)
    before = found.landmarks.copy()
    for value in outputs.values():
        value[...] = 9
    np.testing.assert_array_equal(found.landmarks, before)


def test_outputs_of_another_model_are_refused() -> None:
    outputs = empty_outputs(64, 64)
    with pytest.raises(ValueError, match="cls_8"):
        YuNetDecoder(96, 64).decode(outputs, LIMITS)
    del outputs["kps_32"]
    with pytest.raises(ValueError, match="kps_32"):
        YuNetDecoder(64, 64).decode(outputs, LIMITS)


@pytest.mark.parametrize("size", [(0, 32), (100, 64), (64, -32)])
def test_impossible_inputs_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="multiples of 32"):
        YuNetDecoder(*size)


@given(st.lists(st.tuples(*[st.integers(1, 60)] * 4), max_size=30))
def test_kept_boxes_overlap_little_and_dropped_ones_much(rows: list[tuple[int, int, int, int]]) -> None:
    boxes = np.array(rows, np.float32).reshape(-1, 4)
    kept = [int(i) for i in suppressed(boxes, 0.3)]
    as_box = [Box(*map(float, row)) for row in rows]
    assert kept == sorted(kept)
    for position, index in enumerate(kept):
        assert all(as_box[index].iou(as_box[other]) <= 0.3 + 1e-6 for other in kept[:position])
    for index in set(range(len(rows))) - set(kept):
        assert any(as_box[index].iou(as_box[other]) > 0.3 - 1e-6 for other in kept if other < index)
