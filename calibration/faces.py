"""Pictures to embeddings, with the very stages that run at the door: detector, crops, renderer and engines."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.frames import frame_of
from edge.capture.picture import read_picture
from edge.daemon.models import Models
from edge.domain.clock import SystemClock
from edge.domain.errors import PictureError
from edge.domain.face import Face
from edge.domain.frame import Frame
from edge.vision.align import AlignmentError, crop_geometry
from edge.vision.detect import FaceDetector
from engines.progress import Progress
from engines.render.spec import PLAIN, ViewSpec

Change = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True, eq=False)
class FacePicture:
    """A face of a picture and what the models made of it.

    Attributes:
        path: the picture.
        frame: it, as a frame.
        face: the face nearest to the picture's center.
        vectors: float32 (views, d) unit rows by model id.
    """

    path: Path
    frame: Frame
    face: Face
    vectors: Mapping[str, NDArray[np.float32]]


class FaceReader:
    """Finds the face nearest to each picture's center and embeds it.

    Args:
        models: active engines.
        detector_threshold: least face score.
    """

    def __init__(self, models: Models, *, detector_threshold: float) -> None:
        self._models = models
        self._detector = FaceDetector(models.detector, threshold=detector_threshold)
        self._clock = SystemClock()

    def read(
        self, path: Path, views: Sequence[ViewSpec] = (PLAIN,), *, change: Change | None = None
    ) -> FacePicture | None:
        """Return a picture's face, or None when it holds none that can be aligned.

        Args:
            path: the picture.
            views: what to embed of it.
            change: applied to the pixels first, such as a simulated camera.

        Raises:
            PictureError: the picture cannot be read.
            RecognitionError: an engine failed.
        """
        pixels = read_picture(path)
        frame = frame_of(change(pixels) if change else pixels, self._clock)
        face = most_central(self._detector.find(frame), frame)
        if face is None:
            return None
        try:
            vectors = {
                stage.model_id: stage.embedder.embed(frame.pixels, crop_geometry(stage.crop_recipe, face), views)
                for stage in self._models.stages
            }
        except AlignmentError:
            return None
        return FacePicture(path, frame, face, vectors)

    def read_all(
        self, paths: Iterable[Path], progress: Progress, *, label: str, change: Change | None = None
    ) -> Iterator[tuple[Path, FacePicture | None]]:
        """Yield every picture with its face; a picture that cannot be read counts as one without a face."""
        every = list(paths)
        progress.start(label, len(every))
        try:
            for done, path in enumerate(every, start=1):
                try:
                    yield path, self.read(path, change=change)
                except PictureError:
                    yield path, None
                progress.advance(done)
        finally:
            progress.finish()


def most_central(faces: Sequence[Face], frame: Frame) -> Face | None:
    """Return the face whose box center is nearest to the frame's center."""
    middle = np.array([frame.width_px / 2, frame.height_px / 2])
    return min(faces, key=lambda f: float(np.linalg.norm(np.array(f.box.center) - middle)), default=None)
