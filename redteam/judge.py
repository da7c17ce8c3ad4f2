"""Judges attacked pictures: the gate itself, and each bare model, on the saved 8-bit file. Nothing else decides."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.pictures.frames import CAMERA_ID, frame_of
from edge.capture.picture import read_picture
from edge.capture.source import Source, SourceKind
from edge.capture.source_clock import SourceClock
from edge.daemon.assembly import GateParts, stages_of
from edge.domain.clock import SystemClock
from edge.domain.face import Face
from edge.domain.finding import Finding
from edge.domain.frame import Frame
from edge.domain.match import SubjectRef
from edge.domain.reasons import Decision
from edge.domain.verdict import Verdict
from edge.pipeline.eye import Sight
from edge.pipeline.gate import Gate
from edge.pipeline.verify import ModelStage
from edge.recognition.gallery import Gallery
from edge.vision.align import AlignmentError, crop_geometry
from edge.vision.detect import FaceDetector
from engines.render.spec import PLAIN
from redteam.scene import Scene

TRIES = 5
"""How often a picture is shown: so many near misses start a hold, so what they reach is what anybody can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was made of one picture, against one victim.

    Attributes:
        reason: the gate's reason at the first try.
        subject: whom the gate granted at the first try; None = nobody.
        tries: how often it was shown, 1 where nothing random was reached.
        granted: how many tries were granted as the victim.
        scores: plain score against the victim's templates by model id; empty where no face was found.
        likeness: cosine to what the attacker aimed at, by model id; empty where no face was found.
        landmarks: where the detector saw the face; None = nowhere.
        findings: the defenses' findings at the first try.
    """

    reason: str
    subject: SubjectRef | None
    tries: int
    granted: int
    scores: Mapping[str, float]
    likeness: Mapping[str, float]
    landmarks: tuple[tuple[float, float], ...] | None
    findings: tuple[Finding, ...]


class Judge:
    """A gate of stills with everybody enrolled, and its two models by themselves.

    Args:
        parts: settings, profile, models and gallery; shared with nobody while a picture is judged.
        unsafe_seed: None = random views as at the door; else views that an attacker may know.
    """

    def __init__(self, parts: GateParts, *, unsafe_seed: int | None = None) -> None:
        self._parts = parts
        self.profile = parts.profile
        self._clock = SourceClock(SystemClock())
        self._source = Source(kind=SourceKind.PICTURE, location="picture", camera_id=CAMERA_ID)
        self._detector = FaceDetector(parts.models.detector, threshold=parts.profile.detector_threshold)
        self._seed = unsafe_seed
        self._stages = stages_of(parts, self._source, self._clock)

    def look(self, picture: Path, scene: Scene, *, is_frozen: bool = False) -> Judgement:
        """Judge a saved picture.

        Args:
            picture: an 8-bit file.
            scene: who tries what.
            is_frozen: judge the face where it was in the clean frame, whatever the detector says ("alignment
                frozen").

        Raises:
            PictureError: the file cannot be read.
            EdgeError: an engine failed.
        """
        return self.look_at(read_picture(picture), scene, is_frozen=is_frozen)

    def look_at(self, pixels: NDArray[np.uint8], scene: Scene, *, is_frozen: bool = False) -> Judgement:
        """Judge a frame, uint8 BGR (h, w, 3); as :meth:`look` does."""
        frame = frame_of(pixels, self._clock)
        face = scene.face if is_frozen else None
        seen = face or next(iter(self._detector.find(frame)), None)
        probes = self._probes(frame, seen) if seen else {}
        gallery = self._parts.gallery
        scores = {m: float(gallery.scores(scene.victim, m, p[np.newaxis])[0]) for m, p in probes.items()}
        verdicts = [self._decide(frame, face)]
        point = self._parts.profile.match
        if scores and point.fuse(scores) >= point.threshold:
            verdicts += [self._decide(frame, face) for _ in range(TRIES - 1)]
        first = verdicts[0]
        points = None if seen is None else tuple((float(x), float(y)) for x, y in seen.landmarks)
        return Judgement(
            reason=first.reason.value,
            subject=first.subject if first.decision is Decision.GRANTED else None,
            tries=len(verdicts),
            granted=sum(v.decision is Decision.GRANTED and v.subject == scene.victim for v in verdicts),
            scores=scores,
            likeness={m: float(p @ scene.wanted[m]) for m, p in probes.items()},
            landmarks=points,
            findings=first.findings,
        )

    @property
    def gallery(self) -> Gallery:
        """Who is enrolled."""
        return self._parts.gallery

    def stage(self, model_id: str) -> ModelStage:
        """Return a bare model as it is served."""
        return self._parts.models.stage(model_id)

    def find(self, pixels: NDArray[np.uint8]) -> Face | None:
        """Return the face that the gate would judge."""
        return next(iter(self._detector.find(frame_of(pixels, self._clock))), None)

    def _decide(self, frame: Frame, face: Face | None) -> Verdict:
        """Return the verdict of a gate that has seen nobody before: no hold, no memory."""
        stages = self._stages
        if self._seed is not None:
            rng = random.Random(self._seed)  # noqa: S311  # the point is that it can be foreseen
            stages = stages_of(self._parts, self._source, self._clock, unsafe_rng=rng)
        if face is not None:
            stages = replace(stages, eye=_FixedEye(face))
        gate = Gate(stages)
        step = gate.process(frame)
        verdicts = step.verdicts or gate.finish().verdicts
        return verdicts[0]

    def _probes(self, frame: Frame, face: Face) -> dict[str, NDArray[np.float32]]:
        try:
            crops = {s.model_id: crop_geometry(s.crop_recipe, face) for s in self._parts.models.stages}
        except AlignmentError:
            return {}
        return {
            s.model_id: s.embedder.embed_one(frame.pixels, crops[s.model_id], PLAIN).vector
            for s in self._parts.models.stages
        }


class _FixedEye:
    """An eye that sees one face where it was told to."""

    def __init__(self, face: Face) -> None:
        self._face = face

    def look(self, frame: Frame) -> Sight:
        """Return the face, whatever the frame shows."""
        return Sight(
            frame=frame, faces=(self._face,), nearest=1, face=self._face, ended=frozenset(), unsure=frozenset()
        )

    def forget(self) -> None:
        """Do nothing."""
