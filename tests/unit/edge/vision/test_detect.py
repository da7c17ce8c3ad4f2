"""Finding faces with an engine that sees white rectangles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.domain.errors import CameraError
from edge.domain.frame import PixelFormat
from edge.domain.reasons import Reason
from edge.vision.detect import DetectionError, FaceDetector, SecondLook
from engines.errors import InferenceError
from tests.support.white_rectangle_engine import WhiteRectangleEngine, make_frame, plant


def picture(height: int, width: int, *box: int) -> NDArray[np.uint8]:
    pixels = np.zeros((height, width, 3), np.uint8)
    if box:
        x, y, w, h = box
        pixels[y : y + h, x : x + w] = 255
    return pixels


def detector(engine: WhiteRectangleEngine, **second_look: float) -> FaceDetector:
    return FaceDetector(engine, threshold=0.8, second_look=SecondLook(**second_look))  # type: ignore[arg-type]


def test_a_face_is_found_where_it_is(white_rectangle_engine: WhiteRectangleEngine) -> None:
    (face,) = detector(white_rectangle_engine).find(make_frame(picture(240, 320, 100, 60, 40, 56), seq=7))
    assert face.frame_seq == 7
    assert (face.box.x, face.box.y, face.box.width, face.box.height) == pytest.approx((100, 60, 40, 56), abs=1e-3)
    assert face.score == pytest.approx(0.9)
    assert white_rectangle_engine.passes == 1


@settings(max_examples=25, deadline=None)
@given(scale=st.integers(2, 5), x=st.integers(0, 60), y=st.integers(0, 60), side=st.integers(8, 40))
def test_faces_of_larger_frames_are_mapped_back(scale: int, x: int, y: int, side: int) -> None:
    with WhiteRectangleEngine(160, 128) as engine:
        frame = make_frame(picture(128 * scale, 160 * scale, x * scale, y * scale, side * scale, side * scale))
        (face,) = detector(engine).find(frame)
    assert face.box.x == pytest.approx(x * scale, abs=0.1)
    assert face.box.width == pytest.approx(side * scale, abs=0.1)
    nose = face.landmarks[2]
    assert nose[0] == pytest.approx((x + side * 56.0252 / 112 + 0.5) * scale - 0.5, abs=0.1)


def test_a_face_that_fills_the_frame_is_found_at_the_second_look(
    white_rectangle_engine: WhiteRectangleEngine,
) -> None:
    white_rectangle_engine.largest_px = 128
    (face,) = detector(white_rectangle_engine).find(make_frame(picture(256, 320, 50, 10, 200, 230)))
    assert (face.box.x, face.box.width, face.box.height) == pytest.approx((50, 200, 230), abs=0.5)
    assert white_rectangle_engine.passes == 2


def test_empty_frames_are_looked_at_again_at_the_given_pace(white_rectangle_engine: WhiteRectangleEngine) -> None:
    finder = detector(white_rectangle_engine, every=3)
    for _ in range(7):
        assert finder.find(make_frame(picture(256, 320))) == ()
    assert white_rectangle_engine.passes == 7 + 3
    finder.find(make_frame(picture(256, 320, 10, 10, 50, 50)))
    finder.find(make_frame(picture(256, 320)))
    assert white_rectangle_engine.passes == 7 + 3 + 1 + 2


def test_every_still_is_looked_at_again_by_default(white_rectangle_engine: WhiteRectangleEngine) -> None:
    finder = FaceDetector(white_rectangle_engine, threshold=0.8)
    for _ in range(4):
        finder.find(make_frame(picture(256, 320)))
    assert white_rectangle_engine.passes == 8


def test_a_near_face_is_not_overlooked_for_a_small_one(white_rectangle_engine: WhiteRectangleEngine) -> None:
    engine = white_rectangle_engine
    engine.largest_px, engine.weak_score = 128, 0.6
    finder = detector(engine)
    original = engine._infer

    def with_bystander(batch: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        outputs = dict(original(batch))
        if engine.passes % 2:
            plant(outputs, 320, (280.0, 10.0, 24.0, 30.0), 0.9)
        return outputs

    engine._infer = with_bystander  # type: ignore[method-assign]
    faces = finder.find(make_frame(picture(256, 320, 50, 10, 200, 230)))
    assert [round(face.box.width) for face in faces] == [200, 24]


def test_faces_come_largest_first_and_outlive_the_engines_buffers(
    white_rectangle_engine: WhiteRectangleEngine,
) -> None:
    engine = white_rectangle_engine
    finder = detector(engine)
    original = engine._infer

    def three(batch: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        outputs = dict(original(batch))
        for x, size, score in ((20.0, 30.0, 0.95), (100.0, 60.0, 0.85), (220.0, 45.0, 0.9)):
            plant(outputs, 320, (x, 50.0, size, size), score)
        return outputs

    engine._infer = three  # type: ignore[method-assign]
    faces = finder.find(make_frame(picture(256, 320)))
    landmarks = faces[0].landmarks.copy()
    finder.find(make_frame(picture(256, 320, 1, 1, 9, 9)))
    assert [round(face.box.width) for face in faces] == [60, 45, 30]
    np.testing.assert_array_equal(faces[0].landmarks, landmarks)


@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (3000, 2)])
def test_frames_of_any_size_are_taken(white_rectangle_engine: WhiteRectangleEngine, size: tuple[int, int]) -> None:
    assert detector(white_rectangle_engine).find(make_frame(picture(*size))) == ()


def test_an_engine_fault_is_a_fault_of_the_gate(white_rectangle_engine: WhiteRectangleEngine) -> None:
    white_rectangle_engine.fault = InferenceError("gone", hint="plug it in")
    with pytest.raises(DetectionError, match="gone") as caught:
        detector(white_rectangle_engine).find(make_frame(picture(64, 64)))
    assert caught.value.hint == "plug it in"
    assert caught.value.reason is Reason.FAULT_ENGINE
    assert caught.value.exit_code == 5


def test_outputs_of_another_model_are_a_fault(white_rectangle_engine: WhiteRectangleEngine) -> None:
    del white_rectangle_engine.outputs["obj_16"]
    with pytest.raises(DetectionError, match="obj_16"):
        detector(white_rectangle_engine).find(make_frame(picture(64, 64)))


def test_an_engine_of_an_odd_size_is_refused() -> None:
    with pytest.raises(DetectionError, match="multiples of 32"):
        FaceDetector(WhiteRectangleEngine(100, 64), threshold=0.8)


def test_a_batch_engine_is_refused() -> None:
    engine = WhiteRectangleEngine(64, 64)
    engine.input_shape = (4, 3, 64, 64)
    with pytest.raises(DetectionError, match="takes"):
        FaceDetector(engine, threshold=0.8)


def test_nv12_frames_must_be_converted_first(white_rectangle_engine: WhiteRectangleEngine) -> None:
    frame = make_frame(picture(64, 64))
    nv12 = type(frame)(
        camera_id="c",
        seq=1,
        captured_ns=0,
        captured_utc=frame.captured_utc,
        pixels=np.zeros((96, 64), np.uint8),
        pixel_format=PixelFormat.NV12,
    )
    with pytest.raises(CameraError, match="nv12"):
        detector(white_rectangle_engine).find(nv12)
