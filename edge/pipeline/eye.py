"""Sees: faces of a frame, followed over frames, and which of them is judged."""

from dataclasses import dataclass

from edge.domain.face import Face
from edge.domain.frame import Frame
from edge.tracking.tracker import TrackId, Tracks, nearest
from edge.vision.color import BgrConverter
from edge.vision.detect import FaceDetector


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was seen in one frame.

    Attributes:
        frame: the frame in BGR.
        faces: all faces, nearest first.
        nearest: track of the face that is judged, None when nobody is there.
        face: that face in this frame; None while its track only coasts over a missed detection.
        ended: tracks that ended with this frame.
        unsure: those of them that ended because another face came too near to tell them apart.
    """

    frame: Frame
    faces: tuple[Face, ...]
    nearest: int | None
    face: Face | None
    ended: frozenset[int]
    unsure: frozenset[int]


class Eye:
    """Detector and tracker of one camera. Not thread-safe.

    Args:
        detector: finds faces.
        keeps_native: frames of an NV12 camera keep that picture, because the recognizers can be shown it.
    """

    def __init__(self, detector: FaceDetector, *, keeps_native: bool = False) -> None:
        self._detector = detector
        self._converter = BgrConverter(keeps_native=keeps_native)
        self._tracks = Tracks()
        self._judged: TrackId | None = None

    def look(self, frame: Frame) -> Sight:
        """Find and follow the faces of a frame: by when it was captured, not by when there was time to look.

        Raises:
            DetectionError: the engine failed.
            CameraError: the frame cannot be converted.
        """
        bgr = self._converter.convert(frame)
        faces = self._detector.find(bgr)
        update = self._tracks.update(faces, frame.captured_ns)
        self._tracks = update.tracks
        chosen = nearest(self._tracks, self._judged)
        self._judged = chosen.track_id if chosen else None
        return Sight(
            frame=bgr,
            faces=faces,
            nearest=self._judged,
            face=chosen.face if chosen and chosen.is_visible else None,
            ended=frozenset(track.track_id for track in update.ended),
            unsure=frozenset(track.track_id for track in update.unsure),
        )

    def forget(self) -> None:
        """Drop all tracks, as after a fault: whoever stands there is somebody new."""
        self._tracks = self._tracks.cleared()
        self._judged = None
