"""Keeps the face of an attempt that was denied for an anomaly, where the site wants that; nobody's otherwise."""

from typing import Final, final

import cv2
import numpy as np
import structlog
from numpy.typing import NDArray

from edge.domain.errors import EdgeError
from edge.domain.face import Face
from edge.domain.frame import Frame, PixelFormat
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import AttemptId, Verdict
from edge.settings.keeping import EvidenceSection
from edge.store.evidence import EvidenceStore

log = structlog.get_logger(__name__)

WORTH_KEEPING: Final = frozenset(
    {
        Reason.ADVERSARIAL_INPUT,
        Reason.MODEL_DISAGREEMENT,
        Reason.DEFENSE_INCOMPLETE,
        Reason.IDENTITY_CHANGED,
        Reason.CHALLENGE_FAILED,
        Reason.CLAIM_MISMATCH,
    }
)
"""Reasons of which a picture can tell more. Of a stranger who is simply unknown nothing is kept, ever."""
_MOST_ATTEMPTS = 4
_MARGIN = 0.25
_MOST_SIDE_PX = 256


@final
class EvidenceKeeper:
    """Holds the last face of the latest attempts in memory, until they are decided. One thread, the gate's.

    Args:
        section: whether, how long, and of whom.
        store: takes what is kept.
    """

    def __init__(self, section: EvidenceSection, store: EvidenceStore) -> None:
        self._section = section
        self._store = store
        self._faces: dict[AttemptId, NDArray[np.uint8]] = {}

    def see(self, attempt: AttemptId, frame: Frame, face: Face) -> None:
        """Hold a face that is about to be judged; a ``Seen`` of ``edge.pipeline.judging_seen``."""
        if not self._section.keep or frame.pixel_format is not PixelFormat.BGR:
            return
        self._faces.pop(attempt, None)
        self._faces[attempt] = _crop(frame.pixels, face)
        while len(self._faces) > _MOST_ATTEMPTS:
            del self._faces[next(iter(self._faces))]

    def decide(self, verdict: Verdict) -> None:
        """Keep or drop the face of an attempt that ended. A fault is told; the verdict stands without evidence."""
        crop = self._faces.pop(verdict.attempt_id, None)
        if crop is None or not self._is_wanted(verdict):
            return
        is_written, picture = cv2.imencode(".png", crop)
        if not is_written:
            return
        try:
            self._store.keep(
                picture.tobytes(),
                attempt=verdict.attempt_id,
                reason=verdict.reason,
                subject=verdict.subject,
                taken=verdict.decided_utc,
                hours=self._section.hours,
            )
        except EdgeError as error:
            log.warning("evidence.lost", error=str(error), hint=error.hint)

    def _is_wanted(self, verdict: Verdict) -> bool:
        if verdict.decision is not Decision.DENIED or verdict.reason not in WORTH_KEEPING:
            return False
        return verdict.subject is not None or self._section.strangers


def _crop(pixels: NDArray[np.uint8], face: Face) -> NDArray[np.uint8]:
    """Return a copy of the face with some margin, at most 256 pixels wide and high."""
    box, (height, width) = face.box, pixels.shape[:2]
    left, right = (round(box.x - _MARGIN * box.width), round(box.x + (1 + _MARGIN) * box.width))
    top, bottom = (round(box.y - _MARGIN * box.height), round(box.y + (1 + _MARGIN) * box.height))
    crop = pixels[max(0, top) : min(height, max(bottom, 1)), max(0, left) : min(width, max(right, 1))]
    scale = _MOST_SIDE_PX / max(crop.shape[:2], default=1)
    if not crop.size or scale >= 1:
        return crop.copy()
    size = (max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale)))
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
