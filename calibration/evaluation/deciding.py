"""What is said of one face: by one model alone, by both fused, or by the whole gate.

In a labeled picture the label belongs to the face nearest to the center, so that face is judged, whatever other faces
the picture shows. Each answer rests on one picture and on nothing that was seen before: no hold, no memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from calibration.evaluation.refusals import refusing_step
from calibration.pictures.faces import FacePicture
from edge.capture.source import Source, SourceKind
from edge.capture.source_clock import StillsClock
from edge.daemon.assembly import GateParts, stages_of
from edge.domain.assessment import Assessment
from edge.domain.clock import SystemClock
from edge.domain.embedding import Binding, Embedding
from edge.domain.errors import RecognitionError
from edge.domain.face import Face
from edge.domain.frame import Frame
from edge.domain.match import Match, SubjectRef
from edge.domain.profile import Profile
from edge.domain.reasons import Decision, Reason
from edge.pipeline.eye import Sight
from edge.pipeline.gate import Gate
from edge.policy.rules import all_of, has_candidate, has_good_quality, matches, models_agree
from edge.recognition.gallery import Gallery
from edge.vision.quality import measure

NOT_ACQUIRED = frozenset({Reason.NO_FACE, Reason.LOW_QUALITY, Reason.DARK_FRAME})
"""Failure to acquire (ISO/IEC 19795-1): no sample of sufficient quality came of the attempt."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said of one picture.

    Attributes:
        granted: as whom; None = nobody.
        reason: why, in the policy's words.
        step: what refused, finer than the reason.
    """

    granted: SubjectRef | None
    reason: Reason
    step: str

    @property
    def is_acquired(self) -> bool:
        """Whether there was a face good enough to be compared."""
        return self.reason not in NOT_ACQUIRED


NO_FACE = Answer(None, Reason.NO_FACE, Reason.NO_FACE.value)


class Decides(Protocol):
    """Says who is on a picture."""

    def answer(self, picture: FacePicture) -> Answer:
        """Return the answer for a picture's face."""
        ...


class OneModel:
    """One model by itself at its own threshold, as a gate without quality gate, second model and defenses would.

    Args:
        model_id: which.
        profile: its ``match.alone`` threshold decides.
        gallery: who is enrolled.
    """

    def __init__(self, model_id: str, profile: Profile, gallery: Gallery) -> None:
        self._binding = profile.bindings[model_id]
        self._threshold = profile.match.alone[model_id]
        self._gallery = gallery

    def answer(self, picture: FacePicture) -> Answer:
        """Return the best candidate, if the score reaches the threshold."""
        best = self._gallery.search(_probe(picture, self._binding))
        if best is not None and best[1] >= self._threshold:
            return Answer(best[0], Reason.MATCH, Reason.MATCH.value)
        return Answer(None, Reason.UNKNOWN_PERSON, f"{Reason.UNKNOWN_PERSON.value}: alone")


class BothModels:
    """Quality gate, screening, both models, floors and the fused threshold: the gate without its defenses.

    The scores are compared by the policy's own rules; which steps come before them follows
    :class:`edge.pipeline.judge.FaceJudge`, and a test holds the two together.

    Args:
        profile: every threshold.
        gallery: who is enrolled.
    """

    def __init__(self, profile: Profile, gallery: Gallery) -> None:
        self._profile = profile
        self._gallery = gallery
        self._rule = all_of((has_good_quality, has_candidate, models_agree(profile.match), matches(profile.match)))

    def answer(self, picture: FacePicture) -> Answer:
        """Return whom the policy's rules would let in if no defense were asked."""
        seen = self.assess(picture)
        reason = self._rule(seen, seen.captured_ns)
        if reason is not None or seen.verified is None:
            refused = reason or Reason.DEFENSE_INCOMPLETE
            return Answer(None, refused, refusing_step(seen, refused, self._profile))
        return Answer(seen.verified.subject, Reason.MATCH, Reason.MATCH.value)

    def assess(self, picture: FacePicture) -> Assessment:
        """Return the evidence of a picture's plain embeddings, without findings."""
        frame, profile = picture.frame, self._profile
        quality = measure(frame, picture.face, profile.quality)
        seen = Assessment(frame_seq=frame.seq, captured_ns=frame.captured_ns, quality=quality)
        if not quality.is_good:
            return seen
        probes = {m: _probe(picture, binding) for m, binding in profile.bindings.items()}
        best = self._gallery.search(probes[profile.screen_model])
        if best is None or not best[1] >= profile.screen_threshold:
            return seen
        subject, score = best
        screen = Match(subject=subject, fused=score, per_model={profile.screen_model: score})
        return replace(seen, screen=screen, verified=self._gallery.compare(subject, probes.values(), profile.match))


class WholeGate:
    """A gate of stills with all its defenses: each picture is an attempt of its own, before a gate that saw nobody.

    Args:
        parts: settings, profile, models and gallery; nobody else uses the models meanwhile.
    """

    def __init__(self, parts: GateParts) -> None:
        self._profile = parts.profile
        self._clock = StillsClock(SystemClock())
        source = Source(kind=SourceKind.PICTURE, location="picture", camera_id="calibration")
        self._stages = stages_of(parts, source, self._clock)

    def answer(self, picture: FacePicture) -> Answer:
        """Return the gate's verdict.

        Raises:
            RecognitionError: the gate had a fault; a fault is no measurement.
        """
        gate = Gate(replace(self._stages, eye=_LabeledFace(picture.face)))
        step = gate.process(replace(picture.frame, captured_ns=self._clock.monotonic_ns()))
        if not step.verdicts:
            step += gate.finish()
        if gate.defect is not None:
            raise gate.defect
        verdict = step.verdicts[0]
        if verdict.reason.name.startswith("FAULT"):
            raise RecognitionError(
                f"the gate could not judge {picture.path.name}: {verdict.reason.value}",
                hint=verdict.hint or "run 'edge-gate engines verify'",
            )
        if verdict.decision is Decision.GRANTED:
            return Answer(verdict.subject, verdict.reason, verdict.reason.value)
        assessment = step.assessments[-1] if step.assessments else None
        return Answer(None, verdict.reason, refusing_step(assessment, verdict.reason, self._profile))


class _LabeledFace:
    """An eye that sees the face that the label belongs to."""

    def __init__(self, face: Face) -> None:
        self._face = face

    def look(self, frame: Frame) -> Sight:
        """Return the face."""
        return Sight(
            frame=frame, faces=(self._face,), nearest=1, face=self._face, ended=frozenset(), unsure=frozenset()
        )

    def forget(self) -> None:
        """Do nothing."""


def _probe(picture: FacePicture, binding: Binding) -> Embedding:
    """Return a model's plain embedding of a picture, which is its first row."""
    return Embedding(binding, picture.vectors[binding.model_id][0])


def models_alone(profile: Profile, gallery: Gallery) -> Mapping[str, OneModel]:
    """Return every model by itself, by model id."""
    return {model_id: OneModel(model_id, profile, gallery) for model_id in profile.match.alone}
