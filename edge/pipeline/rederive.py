"""From kept enrollment crops to new templates: the face is found again, and must be the one that was enrolled."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.domain.errors import EdgeError
from edge.domain.face import Face
from edge.domain.frame import Frame
from edge.pipeline.verify import ModelStage
from edge.vision.align import AlignmentError, crop_geometry
from edge.vision.detect import FaceDetector
from engines.render.spec import PLAIN

Pixels = NDArray[np.uint8]

_ENROLL_AGAIN = "erase this person and enroll them again"


class CropFaces:
    """Finds the enrolled face in kept crops.

    Args:
        detector: finds faces.
        stage: the recognizer that tells whose face it is.
        floor: least cosine, of that model by itself, to the template made of the same crop; from the profile.
    """

    def __init__(self, detector: FaceDetector, stage: ModelStage, floor: float) -> None:
        self._detector = detector
        self._stage = stage
        self._floor = floor

    def find(self, frames: Sequence[Frame], templates: NDArray[np.float32]) -> list[Face]:
        """Return the face of each crop of one person.

        Args:
            frames: the crops, BGR, in the order of the templates.
            templates: float32 (n, d), the person's templates of this model.

        Raises:
            EdgeError: there are more or fewer crops than templates, a crop shows no face, or none that is alike; or
                an engine failed.
        """
        if len(frames) != len(templates):
            raise EdgeError(
                f"{len(frames)} pictures are kept of {len(templates)} that were enrolled", hint=_ENROLL_AGAIN
            )
        return [self._face_of(frame, vector) for frame, vector in zip(frames, templates, strict=True)]

    def _face_of(self, frame: Frame, vector: NDArray[np.float32]) -> Face:
        alike = [(self._likeness(frame.pixels, face, vector), face) for face in self._detector.find(frame)]
        likeness, face = max(alike, key=lambda pair: pair[0], default=(-1.0, None))
        if face is None or not likeness >= self._floor:
            raise EdgeError("a kept picture does not show the face that was enrolled", hint=_ENROLL_AGAIN)
        return face

    def _likeness(self, pixels: Pixels, face: Face, vector: NDArray[np.float32]) -> float:
        try:
            crop = crop_geometry(self._stage.crop_recipe, face)
        except AlignmentError:
            return -1.0
        return float(self._stage.embedder.embed_one(pixels, crop, PLAIN).vector @ vector)
