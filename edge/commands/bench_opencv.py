"""The yardstick: OpenCV's own face detector and recognizer with the very same weights, at fp32."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.daemon.models import DETECTOR, SCREENING
from edge.domain.errors import EdgeError
from engines.build import build
from engines.cache import ModelStore
from engines.catalog import find_spec

_MOST_OVERLAP = 0.3  # FaceDetectorYN's own default
_MOST_CANDIDATES = 5000  # likewise


class OpenCVFaces:
    """FaceDetectorYN and FaceRecognizerSF, as OpenCV's face sample uses them: detect, align, embed, compare.

    Args:
        store: holds the converted models; OpenCV reads those very files.
        size: (width, height) of the frames, pixels.
        threshold: least score of a face.

    Raises:
        EngineError: the weights were not fetched.
        EdgeError: OpenCV cannot read them.
    """

    def __init__(self, store: ModelStore, *, size: tuple[int, int], threshold: float) -> None:
        detector, recognizer = (build(find_spec(model), store) for model in (DETECTOR, SCREENING))
        try:
            self._detector = cv2.FaceDetectorYN.create(
                str(detector.path), "", size, threshold, _MOST_OVERLAP, _MOST_CANDIDATES
            )
            self._recognizer = cv2.FaceRecognizerSF.create(str(recognizer.path), "")
        except cv2.error as error:
            raise EdgeError(f"OpenCV cannot read the models: {error}", hint="use OpenCV 4.13 or 4.14") from error
        self._known: NDArray[np.float32] | None = None

    def look(self, pixels: NDArray[np.uint8]) -> bool:
        """Find the largest face of a BGR frame, embed it and compare it with the first one ever seen.

        Returns:
            Whether there was a face.

        Raises:
            EdgeError: OpenCV failed.
        """
        try:
            # OpenCV's stubs do not know that it answers None where there is no face.
            faces = cast("NDArray[np.float32] | None", self._detector.detect(pixels)[1])
            if faces is None:
                return False
            largest = max(faces, key=lambda face: float(face[2] * face[3]))
            crop = self._recognizer.alignCrop(pixels, largest)
            feature = np.asarray(self._recognizer.feature(crop), np.float32)
            if self._known is None:
                self._known = feature.copy()
            self._recognizer.match(self._known, feature, cv2.FaceRecognizerSF_FR_COSINE)
        except cv2.error as error:
            raise EdgeError(f"OpenCV failed on a frame: {error}", hint="use OpenCV 4.13 or 4.14") from error
        return True


@contextmanager
def opencv_threads(count: int) -> Iterator[None]:
    """Let OpenCV use so many threads for a while."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(count)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
