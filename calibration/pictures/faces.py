"""Pictures to embeddings, with the very stages that run at the door: detector, crops, renderer and engines."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.pictures.embedding_cache import Arrays, EmbeddingCache
from calibration.pictures.frames import frame_of
from edge.capture.picture import read_picture
from edge.daemon.models import Models
from edge.domain.clock import SystemClock
from edge.domain.errors import PictureError
from edge.domain.face import Box, Face
from edge.domain.frame import Frame
from edge.vision.align import AlignmentError, crop_geometry, template_to_frame
from edge.vision.detect import FaceDetector
from engines.progress import Progress
from engines.render.spec import PLAIN, ViewSpec

Pixels = NDArray[np.uint8]
Change = Callable[[Pixels], Pixels]

_TOGETHER = 16


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
        cache: where plain embeddings are kept and found again; None = nowhere.
    """

    def __init__(self, models: Models, *, detector_threshold: float, cache: EmbeddingCache | None = None) -> None:
        self._models = models
        self._detector = FaceDetector(models.detector, threshold=detector_threshold)
        self._clock = SystemClock()
        self._cache = cache
        self._recipe = {"detector": [*models.detector.input_shape, detector_threshold], **reading_recipe(models)}

    def read(
        self, path: Path, views: Sequence[ViewSpec] = (PLAIN,), *, change: Change | None = None
    ) -> FacePicture | None:
        """Return a picture's face, or None when it holds none that can be aligned.

        Args:
            path: the picture.
            views: what to embed of it.
            change: applied to the pixels first, such as a simulated camera; equal pixels give equal pixels.

        Raises:
            PictureError: the picture cannot be read.
            RecognitionError: an engine failed.
            StoreError: the cache cannot be written.
        """
        frame = self._frame(read_picture(path), change)
        key = self._key(frame, views)
        kept = self._cache.find(key) if self._cache else None
        if kept is not None:
            return _face_picture(path, frame, kept)
        face = alignable_face(self._detector, frame)
        vectors = {} if face is None else self._embedded(frame, face, views)
        if self._cache:
            self._cache.keep(key, _packed(face, vectors))
        return None if face is None else FacePicture(path, frame, face, vectors)

    def read_all(
        self, paths: Iterable[Path], progress: Progress, *, label: str, change: Change | None = None
    ) -> Iterator[tuple[Path, FacePicture | None]]:
        """Yield every picture with its face; a picture that cannot be read counts as one without a face.

        Pictures are embedded several at once, and what was embedded is kept as soon as it is there.

        Raises:
            RecognitionError: an engine failed.
            StoreError: the cache cannot be written.
        """
        every = list(paths)
        progress.start(label, len(every))
        try:
            for start in range(0, len(every), _TOGETHER):
                few = every[start : start + _TOGETHER]
                yield from zip(few, self._read_together(few, change), strict=True)
                progress.advance(start + len(few))
        finally:
            progress.finish()

    def _read_together(self, paths: Sequence[Path], change: Change | None) -> list[FacePicture | None]:
        found: dict[Path, FacePicture | None] = {}
        waiting: list[_Sighting] = []
        for path in paths:
            try:
                frame = self._frame(read_picture(path), change)
            except PictureError:
                continue
            key = self._key(frame, (PLAIN,))
            kept = self._cache.find(key) if self._cache else None
            if kept is not None:
                found[path] = _face_picture(path, frame, kept)
            elif (face := alignable_face(self._detector, frame)) is not None:
                waiting.append(_Sighting(path, frame, face, key))
            elif self._cache:
                self._cache.keep(key, _packed(None, {}))
        found.update(self._embed_together(waiting) if waiting else {})
        return [found.get(path) for path in paths]

    def _embed_together(self, sightings: Sequence["_Sighting"]) -> dict[Path, FacePicture | None]:
        rows = {
            stage.model_id: stage.embedder.embed_faces(
                [(s.frame.pixels, crop_geometry(stage.crop_recipe, s.face)) for s in sightings], PLAIN
            )
            for stage in self._models.stages
        }
        found: dict[Path, FacePicture | None] = {}
        for row, seen in enumerate(sightings):
            vectors = {model: matrix[row : row + 1] for model, matrix in rows.items()}
            found[seen.path] = FacePicture(seen.path, seen.frame, seen.face, vectors)
            if self._cache:
                self._cache.keep(seen.key, _packed(seen.face, vectors))
        return found

    def _embedded(self, frame: Frame, face: Face, views: Sequence[ViewSpec]) -> dict[str, NDArray[np.float32]]:
        return {
            stage.model_id: stage.embedder.embed(frame.pixels, crop_geometry(stage.crop_recipe, face), views)
            for stage in self._models.stages
        }

    def _key(self, frame: Frame, views: Sequence[ViewSpec]) -> str:
        return EmbeddingCache.key(frame.pixels, {**self._recipe, "views": [repr(view) for view in views]})

    def _frame(self, pixels: Pixels, change: Change | None) -> Frame:
        return frame_of(change(pixels) if change else pixels, self._clock)


def reading_recipe(models: Models) -> dict[str, Any]:
    """Return what embeddings of running models depend on, as JSON has it."""
    return {
        "runtime": models.runtime,
        "precision": models.precision.value,
        "models": {id_: [b.model_digest, b.recipe_digest] for id_, b in models.bindings.items()},
    }


def alignable_face(detector: FaceDetector, frame: Frame) -> Face | None:
    """Return the face nearest to the center, or None when there is none or its landmarks fit no face."""
    face = most_central(detector.find(frame), frame)
    if face is None:
        return None
    try:
        template_to_frame(face.landmarks)
    except AlignmentError:
        return None
    return face


def most_central(faces: Sequence[Face], frame: Frame) -> Face | None:
    """Return the face whose box center is nearest to the frame's center."""
    middle = np.array([frame.width_px / 2, frame.height_px / 2])
    return min(faces, key=lambda f: float(np.linalg.norm(np.array(f.box.center) - middle)), default=None)


@dataclass(frozen=True, slots=True, eq=False)
class _Sighting:
    """A face that is still to be embedded."""

    path: Path
    frame: Frame
    face: Face
    key: str


def _packed(face: Face | None, vectors: Mapping[str, NDArray[np.float32]]) -> Arrays:
    """Return an entry of the cache; an empty one says that there is no face."""
    if face is None:
        return {}
    box = np.array([face.box.x, face.box.y, face.box.width, face.box.height, face.score])
    return {"box": box, "landmarks": face.landmarks, **{f"model {id_}": rows for id_, rows in vectors.items()}}


def _face_picture(path: Path, frame: Frame, arrays: Arrays) -> FacePicture | None:
    if not arrays:
        return None
    x, y, width, height, score = arrays["box"].tolist()
    face = Face(frame_seq=0, box=Box(x, y, width, height), landmarks=arrays["landmarks"], score=score)
    vectors = {name.removeprefix("model "): rows for name, rows in arrays.items() if name.startswith("model ")}
    return FacePicture(path, frame, face, vectors)
