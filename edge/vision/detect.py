"""Finds the faces of a frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.domain.errors import DeviceLostError, EdgeError
from edge.domain.face import Box, Face
from edge.domain.frame import Frame
from edge.domain.reasons import Reason
from edge.vision.color import bgr_pixels
from edge.vision.letterbox import Letterbox, Pixels, Placement
from edge.vision.yunet import DecodeLimits, Detections, YuNetDecoder, suppressed
from engines.errors import DeviceError, EngineError
from engines.runtime.base import Engine


class DetectionError(EdgeError):
    """The detector's engine failed or is not YuNet."""

    exit_code = 5
    reason = Reason.FAULT_ENGINE


MOST_FACES = 32  # the nearest ones; a poster full of faces must not stall the gate


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondLook:
    """When and how a frame is searched again for a face too large for the detector.

    The detector knows faces of up to about half its input. So a frame in which nothing was found, or whose largest
    box only came near to being a face, is shrunk and searched once more.

    Attributes:
        shrink: size of the second look relative to the first.
        doubt: score from which a box larger than every face found causes a second look.
        every: of frames in a row without a face only each ``every``-th is looked at again, the first one always.
    """

    shrink: float = 0.5
    doubt: float = 0.5
    every: int = 1


class FaceDetector:
    """YuNet on an engine of any input size. Not thread-safe."""

    def __init__(self, engine: Engine, *, threshold: float, second_look: SecondLook | None = None) -> None:
        """Prepare the buffers.

        Args:
            engine: YuNet, activated; its input is (1, 3, height, width) with sides that are multiples of 32.
            threshold: least score of a face.
            second_look: how to find faces that fill the frame; None = the defaults.

        Raises:
            DetectionError: the engine's input is not one of YuNet's.
        """
        batch, channels, height, width = engine.input_shape
        try:
            self._decoder = YuNetDecoder(width, height)
        except ValueError as error:
            raise DetectionError(str(error), hint="rebuild the detector's engine at a multiple of 32") from error
        if (batch, channels) != (1, 3):
            raise DetectionError(f"{engine.model_id} takes {engine.input_shape}", hint="use the catalog's detector")
        self._engine = engine
        self._threshold = threshold
        self._second = second_look or SecondLook()
        self._limits = DecodeLimits(threshold=min(threshold, self._second.doubt))
        self._letterbox = Letterbox(width, height)
        self._empty_frames = 0

    def find(self, frame: Frame) -> tuple[Face, ...]:
        """Return the frame's faces, largest (nearest) first, in frame pixels; empty when there are none.

        Args:
            frame: BGR, of any size; it is scaled to the engine's input.

        Raises:
            DetectionError: the engine failed, or its outputs are not YuNet's.
            CameraError: the frame is not BGR or is empty.
        """
        pixels = bgr_pixels(frame)
        candidates = self._look(pixels, 1.0)
        found = _at_least(candidates, self._threshold)
        if self._needs_second_look(candidates, found):
            again = _at_least(self._look(pixels, self._second.shrink), self._threshold)
            found = _merged(found, again, self._limits.most_overlap)
        self._empty_frames = 0 if len(found.scores) else self._empty_frames + 1
        return _faces(found, frame.seq)

    def _needs_second_look(self, candidates: Detections, found: Detections) -> bool:
        if _largest(candidates) > _largest(found):
            return True
        return not len(found.scores) and self._empty_frames % self._second.every == 0

    def _look(self, pixels: Pixels, shrink: float) -> Detections:
        placement = self._letterbox.draw(pixels, shrink)
        try:
            outputs = self._engine.infer(self._letterbox.batch)
            return _in_frame(self._decoder.decode(outputs, self._limits), placement)
        except DeviceError as error:
            raise DeviceLostError(str(error), hint=error.hint) from error
        except EngineError as error:
            raise DetectionError(str(error), hint=error.hint) from error
        except ValueError as error:
            raise DetectionError(str(error), hint="use the catalog's detector") from error


def _in_frame(found: Detections, placement: Placement) -> Detections:
    """Return detections in frame pixels; landmarks are mapped from pixel center to pixel center."""
    if placement.scale_x == placement.scale_y == 1:
        return found
    scale = np.array([placement.scale_x, placement.scale_y], np.float32)
    boxes: NDArray[np.float32] = found.boxes / np.concatenate([scale, scale])
    landmarks: NDArray[np.float32] = (found.landmarks + np.float32(0.5)) / scale - np.float32(0.5)
    return Detections(boxes, landmarks, found.scores)


def _at_least(found: Detections, threshold: float) -> Detections:
    good = found.scores >= threshold
    if good.all():
        return found
    return Detections(found.boxes[good], found.landmarks[good], found.scores[good])


def _largest(found: Detections) -> float:
    return float((found.boxes[:, 2] * found.boxes[:, 3]).max(initial=0.0))


def _merged(first: Detections, second: Detections, most_overlap: float) -> Detections:
    scores = np.concatenate([first.scores, second.scores])
    order = np.argsort(-scores, kind="stable")
    boxes = np.concatenate([first.boxes, second.boxes])[order]
    landmarks = np.concatenate([first.landmarks, second.landmarks])[order]
    kept = suppressed(boxes, most_overlap)
    return Detections(boxes[kept], landmarks[kept], scores[order][kept])


def _faces(found: Detections, frame_seq: int) -> tuple[Face, ...]:
    faces = (
        Face(frame_seq=frame_seq, box=Box(*map(float, box)), landmarks=landmarks, score=float(score))
        for box, landmarks, score in zip(found.boxes, found.landmarks, found.scores, strict=True)
    )
    return tuple(sorted(faces, key=lambda face: (-face.box.area, face.box.x, face.box.y)))[:MOST_FACES]
