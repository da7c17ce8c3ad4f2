"""Shows a picture to the frozen models: as it is, smoothed, and with parts of the face hidden."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.pictures.faces import reading_recipe
from calibration.pictures.frames import frame_of
from edge.capture.picture import read_picture
from edge.daemon.models import SCREENING, Models
from edge.domain.clock import Clock
from edge.domain.errors import PictureError
from edge.domain.face import Face
from edge.domain.profile import Profile
from edge.pipeline.guard.views import HIDDEN, SQUEEZED
from edge.trust.canonical import canonical_json, tagged_sha256
from edge.vision.align import AlignmentError, crop_geometry, template_to_frame
from edge.vision.detect import FaceDetector
from engines.render.spec import PLAIN, ViewSpec
from training.vetting.look import Look

VERIFIER = SCREENING
"""The published model that is never trained: it alone looks past what is hidden."""

BATCHES = (2, 2 + len(HIDDEN))
"""Batch sizes that engines are compiled for to look: one batch a model and picture, without an idle place."""

_OTHER_FACE_SHARE = 0.8  # another face of about the same size, by area: nobody knows whose the label is


class Looker:
    """Looks at one picture after the other, one in memory at a time. Not thread-safe.

    Args:
        models: active engines.
        profile: says what is a face.
        clock: for the frames that pictures become.
    """

    def __init__(self, models: Models, profile: Profile, clock: Clock) -> None:
        self._stages = models.stages
        self._clock = clock
        self._detector = FaceDetector(models.detector, threshold=profile.detector_threshold)
        self.recipe = tagged_sha256("egate-looks-v1", canonical_json(_recipe(models, profile))).hex()

    def look(self, path: Path) -> Look | str:
        """Return what the models see, or why there is nothing to see, in words.

        Raises:
            RecognitionError: an engine failed.
        """
        try:
            pixels = read_picture(path)
        except PictureError as error:
            return str(error)
        face = self._face(pixels)
        return face if isinstance(face, str) else self._look(pixels, face)

    def _face(self, pixels: NDArray[np.uint8]) -> Face | str:
        frame = frame_of(pixels, self._clock)
        faces = sorted(self._detector.find(frame), key=lambda face: -face.box.area)
        if not faces:
            return "no face is found in it"
        if any(other.box.area > _OTHER_FACE_SHARE * faces[0].box.area for other in faces[1:]):
            return "it shows several people"
        try:
            template_to_frame(faces[0].landmarks)
        except AlignmentError:
            return "its face is turned away"
        return faces[0]

    def _look(self, pixels: NDArray[np.uint8], face: Face) -> Look:
        plain: dict[str, NDArray[np.float32]] = {}
        squeezed: dict[str, NDArray[np.float32]] = {}
        hidden = np.empty((0, 0), np.float32)
        for stage in self._stages:
            views: Sequence[ViewSpec] = (PLAIN, SQUEEZED, *(HIDDEN if stage.model_id == VERIFIER else ()))
            rows = stage.embedder.embed(pixels, crop_geometry(stage.crop_recipe, face), views)
            plain[stage.model_id], squeezed[stage.model_id] = rows[0], rows[1]
            if stage.model_id == VERIFIER:
                hidden = rows[2:]
        return Look(plain=plain, hidden=hidden, squeezed=squeezed)


def _recipe(models: Models, profile: Profile) -> dict[str, object]:
    views = [repr(view) for view in (PLAIN, SQUEEZED, *HIDDEN)]
    return {"detector": profile.detector_threshold, "views": views, **reading_recipe(models)}
