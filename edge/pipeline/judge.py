"""One face of one frame becomes an assessment: quality, screening and, for a would-be grant, verification."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from edge.defenses.pixels.base import patch_digest
from edge.domain.assessment import Assessment
from edge.domain.clock import Clock, SystemClock
from edge.domain.face import Face
from edge.domain.frame import Frame
from edge.domain.profile import Profile
from edge.domain.reasons import Reason
from edge.pipeline.laps import Laps
from edge.pipeline.opinion import SecondOpinion
from edge.pipeline.screen import Screener
from edge.pipeline.verify import Verifier
from edge.policy.decide import AttemptEvidence
from edge.recognition.gallery import Gallery
from edge.vision.quality import measure


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceJudge:
    """Collects the evidence of one frame. It judges nothing itself: the policy does.

    Attributes:
        profile: limits of the quality gate, and of how many people it may serve.
        gallery: gives the people enrolled, as they stand.
        screener: the cheap pass.
        opinion: what the other model says of an unknown face, once an attempt.
        verifier: the expensive pass.
        clock: measures the stages.
    """

    profile: Profile
    gallery: Callable[[], Gallery]
    screener: Screener
    opinion: SecondOpinion
    verifier: Verifier
    clock: Clock = field(default_factory=SystemClock)

    def assess(self, frame: Frame, face: Face, evidence: AttemptEvidence) -> Assessment:
        """Return what a BGR frame contributes to the attempt.

        Raises:
            RecognitionError: an engine failed.
            TrustError: the gallery belongs to another model, recipe or precision class.
            StoreError: the people cannot be read.
        """
        laps = Laps(self.clock)
        return replace(self._assessed(frame, face, evidence, laps), took_ms=laps.took_ms)

    def _assessed(self, frame: Frame, face: Face, evidence: AttemptEvidence, laps: Laps) -> Assessment:
        pixels = frame.pixels
        quality = measure(frame, face, self.profile.quality)
        seen = Assessment(frame_seq=frame.seq, captured_ns=frame.captured_ns, quality=quality)
        laps.over("quality")
        if not quality.is_good:
            return seen
        seen = replace(seen, face_digest=patch_digest(pixels, face))
        gallery = self.gallery()
        if not len(gallery):
            return replace(seen, fault=Reason.EMPTY_GALLERY)
        if self.profile.gallery.is_outgrown_by(len(gallery)):
            return replace(seen, fault=Reason.GALLERY_OUTGROWN)
        screening = self.screener.screen(frame.shown, face, gallery)
        laps.over("screen")
        seen = replace(seen, probe=screening.probe)
        match = screening.match
        if match is None:
            if self.opinion.was_asked(evidence.assessments):
                return seen
            finding = self.opinion.ask(frame.shown, face, gallery)
            laps.over("opinion")
            return replace(seen, findings=(finding,))
        verification = self.verifier.verify(
            pixels, face, match.subject, gallery, known=(screening.probe,), native=frame.native
        )
        laps.over("verify")
        return replace(seen, screen=match, verified=verification.match, findings=verification.findings)
