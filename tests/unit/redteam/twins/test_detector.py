"""The detector's twin sees what the gate's detector sees, and gradients reach the frame."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.domain.face import Face
from edge.vision.detect import FaceDetector
from engines.build import build, load_engine
from engines.cache import ModelStore
from engines.catalog import find_spec
from engines.errors import EngineError
from engines.fetch import fetch
from engines.golden import detector_picture
from engines.runtime.base import Engine, Precision
from tests.support.white_rectangle_engine import empty_outputs, make_frame, plant

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

DATA = Path(__file__).parents[5] / "shared" / "data"
SIZE = (640, 480)
THRESHOLD = 0.8
SCENE = np.ascontiguousarray(detector_picture((320, 320))[:, :, ::-1])
Box = tuple[float, float, float, float]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    try:
        spec, store = find_spec("yunet-2023mar"), ModelStore()
        opened = load_engine(spec, store, runtime="onnxruntime", precision=Precision.FP32, size=SIZE, threads=1)
        opened.activate()
    except EngineError as error:
        pytest.skip(f"no detector: {error}; {error.hint}")
    yield opened
    opened.deactivate()


@pytest.fixture(scope="module")
def twin() -> Any:
    from redteam.twins.detector import DetectorTwin

    spec, store = find_spec("yunet-2023mar"), ModelStore()
    fetch(spec, store)
    return DetectorTwin(build(spec, store).path, width=SIZE[0], height=SIZE[1])


def as_frames(pixels: NDArray[np.uint8]) -> Any:
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float()


def box_row(face: Face) -> list[float]:
    return [face.box.x, face.box.y, face.box.width, face.box.height]


def assert_seen_alike(twin: Any, pixels: NDArray[np.uint8], faces: tuple[Face, ...]) -> None:
    frames = as_frames(pixels).expand(len(faces), -1, -1, -1)
    with torch.no_grad():
        seen = twin.look(frames, np.array([box_row(face) for face in faces]))
    assert np.abs(seen.boxes.numpy() - [box_row(face) for face in faces]).max() <= 0.5
    assert np.abs(seen.landmarks.numpy() - np.stack([face.landmarks for face in faces])).max() <= 0.5
    assert np.abs(seen.scores.numpy() - [face.score for face in faces]).max() <= 0.01


@pytest.mark.models
@pytest.mark.parametrize("size", [(320, 320), (250, 250), (640, 480), (480, 640), (1100, 900), (640, 300)])
def test_the_scenes_faces_are_seen_as_the_gate_sees_them(engine: Engine, twin: Any, size: tuple[int, int]) -> None:
    pixels = cv2.resize(SCENE, size, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    faces = FaceDetector(engine, threshold=THRESHOLD).find(make_frame(pixels))
    assert faces
    assert_seen_alike(twin, pixels, faces)


@pytest.mark.models
@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason=f"no evaluation pictures at {DATA}")
def test_faces_of_photographs_are_seen_as_the_gate_sees_them(engine: Engine, twin: Any) -> None:
    detector = FaceDetector(engine, threshold=THRESHOLD)
    for path in sorted((DATA / "lfw").glob("*/*_0001.jpg"))[::150]:
        pixels = cv2.imread(str(path))
        assert pixels is not None
        faces = detector.find(make_frame(pixels.astype(np.uint8)))
        assert faces, path.name
        assert_seen_alike(twin, pixels.astype(np.uint8), faces[:1])


@pytest.mark.models
def test_the_gradient_is_the_slope_of_box_landmarks_and_score(engine: Engine, twin: Any) -> None:
    pixels = cv2.resize(SCENE, SIZE, interpolation=cv2.INTER_CUBIC).astype(np.uint8)  # the input's size: no rounding
    near = np.array([box_row(FaceDetector(engine, threshold=THRESHOLD).find(make_frame(pixels))[0])])
    parts: tuple[Callable[[Any], Any], ...] = (
        lambda s: s.boxes[0, 0],
        lambda s: s.landmarks[0, 2, 1],
        lambda s: s.scores[0],
    )
    for part in parts:
        frames = as_frames(pixels).requires_grad_()
        part(twin.look(frames, near)).backward()
        direction = frames.grad / frames.grad.norm()
        with torch.no_grad():
            ahead, behind = (part(twin.look(frames + step * direction, near)) for step in (1.0, -1.0))
        assert float(ahead - behind) / 2 == pytest.approx(float(frames.grad.norm()), rel=0.1)


@pytest.mark.models
@pytest.mark.parametrize("size", [(250, 250), (900, 700)])
def test_a_step_along_the_gradient_lowers_the_score_through_resizing(twin: Any, size: tuple[int, int]) -> None:
    frames = as_frames(cv2.resize(SCENE, size, interpolation=cv2.INTER_CUBIC).astype(np.uint8)).requires_grad_()
    near = np.array([[0.0, 0.0, 1.0, 1.0]])
    seen = twin.look(frames, near)
    seen.scores.sum().backward()
    worse = (frames - 4 * frames.grad.sign()).detach().clamp(0, 255)
    assert float(twin.look(worse, seen.boxes.detach()).scores) < float(seen.scores.detach()) - 0.01


class PlantedGraph:
    """Stands in for the network: finds the same faces in whatever canvas it is given."""

    faces: tuple[tuple[Box, float], ...] = ()

    def __init__(self, onnx_file: Path) -> None:
        del onnx_file

    def __call__(self, batch: Any) -> dict[str, Any]:
        width = batch.shape[3]
        outputs = empty_outputs(width, batch.shape[2])
        for box, score in self.faces:
            plant(outputs, width, box, score)
        return {name: torch.from_numpy(value).expand(len(batch), -1, -1) for name, value in outputs.items()}


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Any:
    from redteam.twins import detector

    monkeypatch.setattr(PlantedGraph, "faces", (((40.0, 50.0, 80.0, 90.0), 0.4), ((200.0, 30.0, 60.0, 70.0), 0.9)))
    monkeypatch.setattr(detector, "GraphTwin", PlantedGraph)
    return detector.DetectorTwin(Path("unread.onnx"), width=320, height=256)


@pytest.mark.parametrize(
    ("near", "score"),
    [((45.0, 55.0, 80.0, 90.0), 0.4), ((200.0, 30.0, 60.0, 70.0), 0.9), ((0.0, 150.0, 320.0, 106.0), 0.9)],
)
def test_the_face_that_is_wanted_is_taken_and_the_best_where_there_is_none(
    planted: Any, near: Box, score: float
) -> None:
    frames = torch.zeros(2, 3, 256, 320)
    seen = planted.look(frames, np.array([near, (200.0, 30.0, 60.0, 70.0)]))
    np.testing.assert_allclose(seen.scores.numpy(), [score, 0.9], rtol=1e-5)
    np.testing.assert_allclose(seen.boxes[1].numpy(), [200, 30, 60, 70], rtol=1e-5)


def test_an_input_that_is_not_yunets_is_refused(planted: Any) -> None:
    with pytest.raises(ValueError, match="multiples of 32"):
        type(planted)(Path("unread.onnx"), width=320, height=250)
    with pytest.raises(ValueError, match="need boxes"):
        planted.look(torch.zeros(1, 3, 64, 64), np.zeros((2, 4)))
