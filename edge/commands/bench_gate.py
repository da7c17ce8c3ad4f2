"""The gate's own stages on metered engines: the production classes, so that what is timed is what runs at a door."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from edge.daemon.assembly import defenses_of, pixel_defenses_of
from edge.daemon.certificates_in_force import certifier_of
from edge.daemon.models import DETECTOR, Models, stages_on
from edge.defenses.occlude import NAME as OCCLUDE
from edge.domain.certificate import Certificate
from edge.domain.face import Face
from edge.domain.frame import Frame
from edge.domain.match import SubjectRef
from edge.domain.profile import Profile
from edge.domain.reasons import Outcome
from edge.pipeline.checks import CheckTerms, FrameChecks
from edge.pipeline.eye import Eye
from edge.pipeline.screen import Screener
from edge.pipeline.verify import ModelStage, Verifier
from edge.recognition.gallery import Gallery
from edge.settings.sections import CameraSection
from edge.vision.align import AlignmentError
from edge.vision.detect import FaceDetector
from edge.vision.quality import measure
from engines.runtime.metered import Meter, MeteredEngine, metered


@dataclass(frozen=True, slots=True)
class BenchModels:
    """The models of a gate, metered.

    Attributes:
        detector: finds faces.
        judge_detector: the same, for occluded copies.
        stages: both recognizers, the screening model first.
        meter: raw time of all of them.
    """

    detector: MeteredEngine
    judge_detector: MeteredEngine
    stages: tuple[ModelStage, ...]
    meter: Meter


def metered_models(models: Models) -> BenchModels:
    """Return the same models with a meter in front of every engine."""
    meter = Meter()
    engines = [metered(engine, meter) for engine in models.engines]
    for engine in engines:
        engine.activate()
    detector, judge_detector = (engine for engine in engines if engine.model_id == DETECTOR)
    return BenchModels(detector, judge_detector, stages_on(models, engines), meter)


class Screening:
    """All that a gate does with every frame: checks, detector, tracking, quality, screening.

    Args:
        models: metered models.
        profile: thresholds.
        gallery: who is enrolled.
        camera: limits of the frame checks.
    """

    def __init__(self, models: BenchModels, profile: Profile, gallery: Gallery, camera: CameraSection) -> None:
        self._profile = profile
        self._gallery = gallery
        self._checks = FrameChecks(
            CheckTerms(
                stale_after_ms=camera.stale_after_ms,
                frozen_after_frames=camera.frozen_after_frames,
                dark_below=camera.dark_below,
            )
        )
        self._eye = Eye(FaceDetector(models.detector, threshold=profile.detector_threshold))
        stage = next(stage for stage in models.stages if stage.model_id == profile.screen_model)
        self._screener = Screener(embedder=stage.embedder, crop_recipe=stage.crop_recipe, profile=profile)

    def look(self, frame: Frame) -> Face | None:
        """Screen a frame as if it had just been taken; nothing cuts it short, as a refused frame would at a gate.

        Returns:
            The face that was judged.

        Raises:
            EdgeError: a stage failed.
        """
        self._checks.problem_of(frame, frame.captured_ns)
        sight = self._eye.look(frame)
        if sight.face is None:
            return None
        measure(sight.frame, sight.face, self._profile.quality)
        try:
            self._screener.screen(sight.frame.pixels, sight.face, self._gallery)
        except AlignmentError:  # the quality gate keeps such a face from the screener
            return None
        return sight.face


class Verification:
    """All that a gate does with a would-be grant: every view of every defense, in both models.

    Args:
        models: metered models.
        profile: thresholds.
        gallery: who is enrolled.
        candidate: whom faces are compared with.
        certificates: asked for too; none of them = no certificate.
    """

    def __init__(
        self,
        models: BenchModels,
        profile: Profile,
        gallery: Gallery,
        candidate: SubjectRef,
        certificates: Sequence[Certificate] = (),
    ) -> None:
        self._gallery = gallery
        self._candidate = candidate
        self._is_certified = bool(certificates)
        self._verifier = Verifier(
            models=models.stages,
            defenses=defenses_of(profile),
            point=profile.match,
            rng=secrets.SystemRandom(),
            certifier=certifier_of(certificates, profile, models),
            pixel_defenses=pixel_defenses_of(profile),
        )

    def look(self, frame: Frame, face: Face) -> bool:
        """Verify a face of a frame.

        Returns:
            Whether all of it was run, the certificate too: it is asked last, only where nothing failed, and
            refuses a face too small for it at once.

        Raises:
            EdgeError: a stage failed.
        """
        found = self._verifier.verify(frame.pixels, face, self._candidate, self._gallery).findings
        return bool(found) and (
            not self._is_certified or any(f.defense == OCCLUDE and f.outcome is not Outcome.ERROR for f in found)
        )
