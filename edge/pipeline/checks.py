"""Whether a frame may be judged at all: fresh, not a repetition, not dark, not blank."""

from dataclasses import dataclass

from edge.capture.freshness import FrozenFeedDetector, is_stale
from edge.domain.frame import Frame
from edge.domain.reasons import Reason
from edge.vision.blank import is_blank
from edge.vision.dark import is_dark

STALE_FRAMES = 15  # so many late frames in a row are no hiccup: half a second at 30 a second


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTerms:
    """Limits of the frame checks.

    Attributes:
        stale_after_ms: most age of a frame when it is looked at.
        frozen_after_frames: so many repeats in a row are a frozen feed; a single one is only not judged.
        dark_below: gray level, 0..255, under which even the brighter parts of a dark frame lie.
        blank_below: gray levels by which a frame's parts must differ for it to show anything; 0 = not asked.
        is_stills: pictures may repeat and have no age.
    """

    stale_after_ms: float
    frozen_after_frames: int
    dark_below: float
    blank_below: float = 0.0
    is_stills: bool = False


class FrameChecks:
    """Checks every frame of one camera, in order."""

    def __init__(self, terms: CheckTerms) -> None:
        self._terms = terms
        self._stale_frames = 0
        self._frozen = FrozenFeedDetector(most_repeats=terms.frozen_after_frames - 1)

    def problem_of(self, frame: Frame, now_ns: int) -> Reason | None:
        """Return why a frame must not be judged, or None."""
        if not self._terms.is_stills:
            if is_stale(frame, now_ns, most_age_ms=self._terms.stale_after_ms):
                self._stale_frames += 1
                return Reason.STALE_FRAME
            self._stale_frames = 0
            self._frozen.observe(frame)
            if self._frozen.repeats:
                return Reason.FROZEN_FEED
        if is_dark(frame, least_brightness=self._terms.dark_below):
            return Reason.DARK_FRAME
        return Reason.BLANK_FRAME if is_blank(frame, least_contrast=self._terms.blank_below) else None

    def is_lasting(self, reason: Reason) -> bool:
        """Whether a problem is the feed's, which ends attempts, and not one frame's, which only does not count."""
        if reason is Reason.STALE_FRAME:
            return self._stale_frames >= STALE_FRAMES
        return reason in (Reason.DARK_FRAME, Reason.BLANK_FRAME) or (
            reason is Reason.FROZEN_FEED and self._frozen.is_frozen
        )

    def forget(self) -> None:
        """Forget earlier frames: the camera was started anew."""
        self._frozen.reset()
        self._stale_frames = 0
