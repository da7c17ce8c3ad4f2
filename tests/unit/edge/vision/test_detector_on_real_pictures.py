"""The real detector against OpenCV's own and against counted faces."""

import csv
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.vision.align import crop_geometry
from edge.vision.detect import FaceDetector
from engines.cache import ModelStore
from engines.catalog import find_spec
from engines.render.sampling import CropSampler
from engines.runtime.base import Engine
from tests.support.white_rectangle_engine import make_face, make_frame

DATA = Path(__file__).parents[5] / "shared" / "data"
THRESHOLD = 0.8
Yunet = Callable[[tuple[int, int]], Engine]

pytestmark = [
    pytest.mark.models,
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no evaluation pictures at {DATA}"),
]


def read(path: Path) -> NDArray[np.uint8]:
    pixels = cv2.imread(str(path))
    assert pixels is not None
    return pixels.astype(np.uint8, copy=False)


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


def padded(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    canvas = np.zeros((side, side, 3), np.uint8)
    canvas[: pixels.shape[0], : pixels.shape[1]] = pixels
    return canvas


def test_boxes_scores_and_landmarks_are_opencvs(yunet: Yunet) -> None:
    finder = FaceDetector(yunet((640, 640)), threshold=THRESHOLD)
    model = str(ModelStore().onnx_path(find_spec("yunet-2023mar")))
    theirs = cv2.FaceDetectorYN.create(model, "", (640, 640), THRESHOLD, 0.3, 5000)
    compared = 0
    for row in rows("groups/FACES.tsv"):
        pixels = read(DATA / "groups" / row["file"])
        if max(pixels.shape) > 640:
            continue
        pixels = padded(pixels, 640)
        _, wanted = theirs.detect(pixels)
        wanted = np.asarray(wanted)[np.argsort(-np.asarray(wanted)[:, 2] * np.asarray(wanted)[:, 3])]
        faces = finder.find(make_frame(pixels))
        assert len(faces) == len(wanted)
        for face, line in zip(faces, wanted, strict=True):
            box = (face.box.x, face.box.y, face.box.width, face.box.height)
            assert box == pytest.approx(line[:4], abs=1.0)
            assert np.abs(face.landmarks.ravel() - line[4:14]).max() <= 1.0
            assert face.score == pytest.approx(line[14], abs=0.01)
            compared += 1
    assert compared >= 40


def test_counted_faces_are_found_and_plain_pictures_are_empty(yunet: Yunet) -> None:
    finder = FaceDetector(yunet((640, 480)), threshold=THRESHOLD)
    counted = found = 0
    for row in rows("groups/FACES.tsv"):
        counted += int(row["faces"])
        found += min(int(row["faces"]), len(finder.find(make_frame(read(DATA / "groups" / row["file"])))))
    assert found >= 0.98 * counted
    for row in rows("nonface/LIST.tsv"):
        if row["kind"] == "plain":
            assert finder.find(make_frame(read(DATA / "nonface" / row["file"]))) == (), row["file"]


@pytest.mark.parametrize("size", [(480, 640), (640, 480), (600, 480)])
@pytest.mark.parametrize("share", [0.9, 1.0])
def test_a_face_that_fills_the_frame_is_found(yunet: Yunet, size: tuple[int, int], share: float) -> None:
    finder = FaceDetector(yunet((640, 480)), threshold=THRESHOLD)
    height, width = size
    for path in sorted((DATA / "lfw").glob("*/*_0001.jpg"))[::600]:
        pixels = read(path)
        face = min(
            finder.find(make_frame(pixels)), key=lambda f: abs(f.box.center[0] - 125) + abs(f.box.center[1] - 125)
        )
        scale = share * min(height / face.box.height, width / face.box.width)
        (x, y) = face.box.center
        matrix = np.array([[scale, 0, width / 2 - x * scale], [0, scale, height / 2 - y * scale]])
        close = cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)
        faces = finder.find(make_frame(close))
        assert faces, path.name
        assert faces[0].box.height == pytest.approx(face.box.height * scale, rel=0.25)


def test_alignment_is_opencvs() -> None:
    model = ModelStore().onnx_path(find_spec("sface-2021dec"))
    if not model.is_file():
        pytest.skip("the embedder's weights were not fetched")
    recognizer = cv2.FaceRecognizerSF.create(str(model), "")
    pixels = read(DATA / "groups" / "jet_humans_7.jpg")
    face = make_face(200.0, 150.0, 130.0, 150.0)
    line = np.concatenate([[200, 150, 130, 150], face.landmarks.ravel(), [0.9]]).astype(np.float32)
    theirs = recognizer.alignCrop(pixels, line[None])
    ours, sampler = np.empty((112, 112, 3), np.uint8), CropSampler()
    sampler.look(pixels, crop_geometry("align-112", face), 112)
    sampler.sample(ours)
    assert np.abs(ours.astype(int) - theirs).mean() < 1.0
