"""Settings, profile, models and people become a gate."""

import random
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from edge.capture.source import Source
from edge.daemon.models import SECOND, Models, serving_bindings
from edge.defenses.agree import Agree
from edge.defenses.base import Defense
from edge.defenses.randomize import Randomize
from edge.defenses.replay import NAME as REPLAY
from edge.defenses.replay import Replay
from edge.defenses.squeeze import SqueezeDefense
from edge.domain.clock import Clock
from edge.domain.embedding import Binding
from edge.domain.errors import TrustError
from edge.domain.match import SubjectRef
from edge.domain.profile import Profile
from edge.domain.reasons import Reason
from edge.pipeline.attempts import AttemptTerms
from edge.pipeline.challenge import ChallengeTerms
from edge.pipeline.checks import CheckTerms, FrameChecks
from edge.pipeline.eye import Eye
from edge.pipeline.gate import Gate, GateStages
from edge.pipeline.judge import FaceJudge
from edge.pipeline.judging import Aside, AtOnce
from edge.pipeline.opinion import NAME as SECOND_OPINION
from edge.pipeline.opinion import SecondOpinion
from edge.pipeline.screen import Screener
from edge.pipeline.sequence import SecondStep, SequenceTerms, SequenceWatch
from edge.pipeline.verify import Verifier
from edge.policy.decide import Policy
from edge.policy.limits import LimitTerms
from edge.policy.rules import FrameTerms
from edge.recognition.gallery import Gallery, Template
from edge.settings.sections import ChallengeSection, PolicySection
from edge.settings.tree import Settings
from edge.store.templates import SubjectTemplates
from edge.trust.profile import load_profile
from edge.vision.detect import FaceDetector
from edge.vision.motion.plane import PlaneFollower

NO_SECOND_STEP = SecondStep()
DEFAULT_PROFILE = Path(__file__).parents[2] / "calibration" / "profiles" / "default"

REASON_OF_FAILURE: Mapping[str, Reason] = {
    "agree": Reason.MODEL_DISAGREEMENT,
    SECOND_OPINION: Reason.MODEL_DISAGREEMENT,
}


@dataclass(frozen=True, slots=True)
class GateParts:
    """What every gate of one process shares."""

    settings: Settings
    profile: Profile
    models: Models
    gallery: Gallery


class Bound(Protocol):
    """What embeddings can be compared within: the running models, or just what is known of them."""

    @property
    def bindings(self) -> Mapping[str, Binding]:
        """Bindings by model id."""
        ...


@dataclass(frozen=True, slots=True)
class CatalogModels:
    """The models that would run, unloaded (``Bound``)."""

    bindings: Mapping[str, Binding] = field(default_factory=serving_bindings)


def read_profile(settings: Settings, models: Bound | None = None, *, environment: str | None = None) -> Profile:
    """Read the calibration profile and check that it was measured with the running models.

    For commands that open no door; what decides at one, or says what would, asks ``profile_in_force``.

    Args:
        settings: names the folder, by default the profile that ships with the gate, and the keys that may sign it.
        models: the running models, if any are.
        environment: overrides the settings' environment: in ``development`` nobody need have signed it.

    Raises:
        ConfigError: it is missing or malformed.
        TrustError: altered, signed by somebody who may not, unsigned in production, or made for another model, recipe
            or precision class.
    """
    profile = load_profile(
        profile_folder(settings),
        environment=environment or settings.environment.value,
        trusted_keys=settings.trust.public_keys,
    )
    if models is not None:
        refuse_other_models(profile, models)
    return profile


def profile_folder(settings: Settings) -> Path:
    """Return the folder of the profile that the settings name, by default the one that ships with the gate."""
    return settings.policy.profile or DEFAULT_PROFILE


def refuse_other_models(profile: Profile, models: Bound) -> None:
    """Return if ``profile`` was measured with ``models``.

    Raises:
        TrustError: with another model, recipe or precision class.
    """
    if {m: profile.bindings.get(m) for m in models.bindings} != dict(models.bindings):
        raise TrustError(
            f"the profile {profile.name} was measured with other models, crops or precision than the ones that run",
            hint="use the profile that ships with this version, or fit one with 'edge-gate calibrate fit'",
        )


def gallery_of(models: Bound, templates: Iterable[SubjectTemplates]) -> Gallery:
    """Return the gallery of stored templates.

    Raises:
        TrustError: somebody lacks a template of a running model.
    """
    people: dict[SubjectRef, dict[str, Template]] = {}
    for subject, model_id, vectors in templates:
        people.setdefault(subject, {})[model_id] = Template.from_vectors(np.asarray(vectors))
    return Gallery(models.bindings, people)


def defenses_of(profile: Profile) -> tuple[Defense, ...]:
    """Return every defense of the gate with its thresholds."""
    return (
        Randomize(
            score_threshold=profile.random_score_threshold,
            spread_thresholds=profile.random_spread_thresholds,
            plain_score_caps=profile.plain_score_caps,
        ),
        SqueezeDefense(shift_thresholds=profile.squeeze_thresholds),
        Agree(profile.agreement),
    )


def policy_of(section: PolicySection, profile: Profile, *, is_stills: bool) -> Policy:
    """Return the policy in force. A still picture is an attempt by itself, of one frame."""
    return Policy(
        frames_needed=1 if is_stills else section.frames_needed,
        frames_window=1 if is_stills else section.frames_window,
        most_verifications=section.most_verifications,
        frame=FrameTerms(
            match=profile.match,
            mandatory=frozenset(defense.name for defense in defenses_of(profile)),
            reasons=REASON_OF_FAILURE,
            most_age_ms=section.most_frame_age_ms,
        ),
        limits=LimitTerms(
            failures=section.failures_before_hold, window_ms=section.failure_window_ms, hold_ms=section.hold_ms
        ),
        sequence_mandatory=frozenset() if is_stills else frozenset({REPLAY}),
    )


def challenge_terms(section: ChallengeSection) -> ChallengeTerms:
    """Return what a challenge asks."""
    return ChallengeTerms(
        movements=section.movements,
        movement_ms=section.movement_ms,
        total_ms=section.total_ms,
        hold_ms=section.hold_ms,
        turn_deg=section.turn_deg,
        nod_deg=section.nod_deg,
    )


def follower_of(profile: Profile) -> PlaneFollower:
    """Return what measures the motion of one attempt's face; without limits in the profile, with every effort."""
    limits = profile.replay
    return PlaneFollower(enough=limits.least_change if limits else 0.0, lost=limits.most_change if limits else 2.0)


def sequence_of(
    settings: Settings,
    profile: Profile,
    policy: Policy,
    second_step: SecondStep,
) -> SequenceWatch:
    """Return what watches an attempt over time. A still picture has none.

    Args:
        settings: what a challenge asks.
        profile: bounds of motion.
        policy: in force.
        second_step: when a challenge is due, and who shows what it asks.
    """
    return SequenceWatch(
        SequenceTerms(
            replay=Replay(profile.replay),
            follower=lambda: follower_of(profile),
            policy=policy,
            challenge=challenge_terms(settings.challenge),
            rng=secrets.SystemRandom(),
            second_step=second_step,
        )
    )


def build_gate(
    parts: GateParts,
    source: Source,
    clock: Clock,
    *,
    is_lock_step: bool = True,
    people: Callable[[], Gallery] | None = None,
    second_step: SecondStep = NO_SECOND_STEP,
) -> Gate:
    """Return a gate for one source.

    Args:
        parts: what every gate of the process shares.
        source: what it looks at.
        clock: time of its frames.
        is_lock_step: the source waits until a frame is worked off. Else frames are followed while one is judged.
        people: gives the gallery as it stands; by default the one in ``parts``, for good.
        second_step: when a challenge is due, and who shows what it asks; by default none ever is.
    """
    return Gate(stages_of(parts, source, clock, is_lock_step=is_lock_step, people=people, second_step=second_step))


def stages_of(
    parts: GateParts,
    source: Source,
    clock: Clock,
    *,
    is_lock_step: bool = True,
    people: Callable[[], Gallery] | None = None,
    second_step: SecondStep = NO_SECOND_STEP,
    unsafe_rng: random.Random | None = None,
) -> GateStages:
    """Return what a gate for one source is made of. Arguments as of :func:`build_gate`.

    Args:
        parts: what every gate of the process shares.
        source: what it looks at.
        clock: time of its frames.
        is_lock_step: the source waits until a frame is worked off.
        people: gives the gallery as it stands.
        second_step: when a challenge is due, and who shows what it asks.
        unsafe_rng: draws the random views in place of the operating system. Whoever knows its seed knows the views,
            so it is for tests and for the attacker's upper bound alone; nothing in ``edge`` passes it.
    """
    settings, profile = parts.settings, parts.profile
    policy = policy_of(settings.policy, profile, is_stills=source.is_stills)
    judge = _judge_of(parts, people or (lambda: parts.gallery), unsafe_rng or secrets.SystemRandom())
    return GateStages(
        checks=FrameChecks(
            CheckTerms(
                stale_after_ms=settings.camera.stale_after_ms,
                frozen_after_frames=settings.camera.frozen_after_frames,
                dark_below=settings.camera.dark_below,
                is_stills=source.is_stills,
            )
        ),
        eye=Eye(FaceDetector(parts.models.detector, threshold=profile.detector_threshold)),
        judging=AtOnce(judge) if is_lock_step else Aside(judge),
        policy=policy,
        sequence=None if source.is_stills else sequence_of(settings, profile, policy, second_step),
        terms=AttemptTerms(
            timeout_ms=settings.policy.attempt_timeout_ms,
            rearm_after_denial_ms=settings.policy.rearm_after_denial_ms,
            rearm_after_grant_ms=settings.policy.rearm_after_grant_ms,
        ),
        clock=clock,
    )


def _judge_of(parts: GateParts, people: Callable[[], Gallery], rng: random.Random) -> FaceJudge:
    profile, models = parts.profile, parts.models
    screening, second = models.stage(profile.screen_model), models.stage(SECOND)
    return FaceJudge(
        profile=profile,
        gallery=people,
        screener=Screener(embedder=screening.embedder, crop_recipe=screening.crop_recipe, profile=profile),
        opinion=SecondOpinion(model=second, alone_threshold=profile.match.alone[SECOND]),
        verifier=Verifier(models=models.stages, defenses=defenses_of(profile), point=profile.match, rng=rng),
    )
