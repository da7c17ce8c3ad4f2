"""Settings, profile, models and people become a gate."""

import random
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.capture.source import Source
from edge.daemon.certificates_in_force import certificates_asked, certifier_of
from edge.daemon.models import DETECTOR, SECOND, Models, serving_bindings
from edge.daemon.sequence import sequence_of
from edge.defenses.agree import Agree
from edge.defenses.base import Defense
from edge.defenses.detector import Detector
from edge.defenses.distribution import Distribution
from edge.defenses.occlude import Occlude
from edge.defenses.pixels.base import PixelDefense
from edge.defenses.randomize import Randomize
from edge.defenses.replay import NAME as REPLAY
from edge.defenses.sanitize import Sanitize
from edge.defenses.squeeze import SqueezeDefense
from edge.domain.certificate import Certificate
from edge.domain.clock import Clock
from edge.domain.embedding import Binding
from edge.domain.errors import EdgeError, TrustError
from edge.domain.level import Level
from edge.domain.mask_family import MaskFamily, families_of
from edge.domain.match import SubjectRef
from edge.domain.profile import Profile
from edge.domain.reasons import Reason
from edge.pipeline.attempt_watch import AttemptWatch, WatchTerms
from edge.pipeline.attempts import AttemptTerms
from edge.pipeline.checks import CheckTerms, FrameChecks
from edge.pipeline.eye import Eye
from edge.pipeline.gate import Gate, GateStages
from edge.pipeline.golden_probe import GoldenProbe
from edge.pipeline.judge import FaceJudge
from edge.pipeline.judging import AtOnce
from edge.pipeline.judging_aside import Aside
from edge.pipeline.judging_seen import Seen, SeenJudging
from edge.pipeline.occluded import certificate_templates
from edge.pipeline.opinion import NAME as SECOND_OPINION
from edge.pipeline.opinion import SecondOpinion
from edge.pipeline.screen import Screener
from edge.pipeline.sequence import SecondStep
from edge.pipeline.verify import Verifier
from edge.policy.decide import Policy
from edge.policy.limits import Limits, LimitTerms
from edge.policy.rules import FrameTerms
from edge.recognition.clusters import ClusterTerms, FaceClusters
from edge.recognition.gallery import Gallery, Template
from edge.settings.sections import PolicySection
from edge.settings.tree import Settings
from edge.store.gallery import Gallery as StoredGallery
from edge.store.masked_templates import SubjectMasked
from edge.store.templates import SubjectTemplates
from edge.trust.profile import load_profile
from edge.vision.detect import FaceDetector

NO_SECOND_STEP = SecondStep()
DEFAULT_PROFILE = Path(__file__).parents[2] / "calibration" / "profiles" / "default"

REASON_OF_FAILURE: Mapping[str, Reason] = {
    "agree": Reason.MODEL_DISAGREEMENT,
    SECOND_OPINION: Reason.MODEL_DISAGREEMENT,
}

SEQUENCE_DEFENSES = frozenset({REPLAY})
"""Findings about an attempt as a whole that every camera must have, by name. A still picture has none."""


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


def gallery_of(
    models: Bound,
    templates: Iterable[SubjectTemplates],
    *,
    certificates: Sequence[Certificate] = (),
    masked: Iterable[SubjectMasked] = (),
) -> Gallery:
    """Return the gallery of stored templates.

    Args:
        models: what they are compared within.
        templates: everybody's.
        certificates: those in force.
        masked: occluded templates of whoever has them.

    Raises:
        TrustError: somebody lacks a template of a running model, or occluded ones do not fit a certificate.
    """
    copies: dict[SubjectRef, dict[MaskFamily, NDArray[np.float32]]] = {}
    for subject, family, rows in masked:
        copies.setdefault(subject, {})[family] = rows
    occluded = {subject: certificate_templates(certificates, rows) for subject, rows in copies.items()}
    people: dict[SubjectRef, dict[str, Template]] = {}
    for subject, model_id, vectors in templates:
        people.setdefault(subject, {})[model_id] = Template.from_vectors(np.asarray(vectors))
    return Gallery(models.bindings, people, occluded)


def stored_gallery(models: Bound, store: StoredGallery, certificates: Sequence[Certificate]) -> Gallery:
    """Return the people of a store, with templates of the certificates in force.

    Raises:
        StoreError: the store cannot be read.
        TrustError: as :func:`gallery_of`, or a record does not open or is bound otherwise.
    """
    templates = store.load_templates(models.bindings)
    masked = store.load_masked(families_of(certificates), models.bindings) if certificates else ()
    return gallery_of(models, templates, certificates=certificates, masked=masked)


def mandatory_defenses(profile: Profile, section: PolicySection, level: Level | None = None) -> frozenset[str]:
    """Return the names of the defenses that must have passed for a grant, at a level: by default the settings' own.

    Raises:
        ConfigError: as :func:`certificates_asked`.
    """
    names = {d.name for d in defenses_of(profile)} | {d.name for d in pixel_defenses_of(profile)}
    asked = certificates_asked(profile, section)
    if asked or (level or section.level) is Level.HIGH:
        names.add(Occlude.name)
    return frozenset(names)


def defenses_of(profile: Profile) -> tuple[Defense, ...]:
    """Return every defense of the gate that judges views, with its thresholds.

    One of which the profile holds nothing is there all the same: it can only say ERROR, and nobody is let in. The
    learned detector alone is there only where the profile has a head.
    """
    every: tuple[Defense, ...] = (
        Randomize(
            score_threshold=profile.random_score_threshold,
            spread_thresholds=profile.random_spread_thresholds,
            plain_score_caps=profile.plain_score_caps,
        ),
        SqueezeDefense(shift_thresholds=profile.squeeze_thresholds),
        Agree(profile.agreement),
        Distribution(profile.baselines),
    )
    return (*every, *_detector_of(profile))


def _detector_of(profile: Profile) -> tuple[Defense, ...]:
    """Return the learned detector, where the profile has a head."""
    if profile.detector_head is None:
        return ()
    detector = Detector(
        profile.detector_head,
        agreement=profile.agreement,
        baselines=profile.baselines,
        caps=profile.plain_score_caps,
    )
    return (detector,)


def pixel_defenses_of(profile: Profile) -> tuple[PixelDefense, ...]:
    """Return every defense of the gate that looks at the frame itself; as :func:`defenses_of`."""
    return (Sanitize(profile.pixel_limits),)


def policy_of(section: PolicySection, profile: Profile, *, is_stills: bool, level: Level = Level.HIGH) -> Policy:
    """Return the policy in force. A still picture is an attempt by itself, of one frame, and opens no door.

    Args:
        section: how much evidence is needed.
        profile: the thresholds.
        is_stills: pictures, which have no level, nothing over time, and are told at once.
        level: of a camera, ``Settings.level``; the strictest where nobody says.

    Raises:
        ConfigError: as :func:`certificates_asked`.
    """
    level = Level.CONVENIENCE if is_stills else level
    return Policy(
        frames_needed=1 if is_stills else section.frames_needed,
        frames_window=1 if is_stills else section.frames_window,
        most_verifications=section.most_verifications,
        frame=FrameTerms(
            match=profile.match,
            mandatory=mandatory_defenses(profile, section, level),
            reasons=REASON_OF_FAILURE,
            most_age_ms=section.most_frame_age_ms,
        ),
        limits=LimitTerms(
            failures=section.failures_before_hold,
            window_ms=section.failure_window_ms,
            hold_ms=section.hold_ms,
            escalate_after=None if is_stills else section.failures_before_escalation,
            gate_failures=None if is_stills else section.gate_failures_before_hold,
        ),
        level=level,
        sequence_mandatory=frozenset() if is_stills else SEQUENCE_DEFENSES,
        tick_ms=0.0 if is_stills else section.outcome_tick_ms,
        certificates=tuple(c.name for c in certificates_asked(profile, section)),
    )


def build_gate(  # noqa: PLR0913 - what a gate of one source is given
    parts: GateParts,
    source: Source,
    clock: Clock,
    *,
    is_lock_step: bool = True,
    people: Callable[[], Gallery] | None = None,
    limits: Limits | None = None,
    health: Callable[[], EdgeError | None] | None = None,
    second_step: SecondStep = NO_SECOND_STEP,
    seen: Seen | None = None,
) -> Gate:
    """Return a gate for one source.

    Args:
        parts: what every gate of the process shares.
        source: what it looks at.
        clock: time of its frames.
        is_lock_step: the source waits until a frame is worked off. Else frames are followed while one is judged.
        people: gives the gallery as it stands; by default the one in ``parts``, for good.
        limits: what is remembered of failures, and the posture; by default nothing.
        health: asked before every frame; see ``GateStages``.
        second_step: when a challenge is due, and who shows what it asks; by default when the policy says so.
        seen: is shown every face that is judged.
    """
    stages = stages_of(parts, source, clock, is_lock_step=is_lock_step, people=people, second_step=second_step)
    if seen is not None:
        stages = replace(stages, judging=SeenJudging(stages.judging, seen))
    return Gate(stages if health is None else replace(stages, health=health), limits)


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
    policy = policy_of(settings.policy, profile, is_stills=source.is_stills, level=settings.level)
    judge = _judge_of(parts, people or (lambda: parts.gallery), unsafe_rng or secrets.SystemRandom())
    return GateStages(
        checks=FrameChecks(
            CheckTerms(
                stale_after_ms=settings.camera.stale_after_ms,
                frozen_after_frames=settings.camera.frozen_after_frames,
                dark_below=settings.camera.dark_below,
                blank_below=settings.camera.blank_below,
                is_stills=source.is_stills,
            )
        ),
        eye=Eye(
            FaceDetector(parts.models.detector, threshold=profile.detector_threshold),
            keeps_native=all(stage.embedder.takes_nv12 for stage in parts.models.stages),
        ),
        judging=AtOnce(judge) if is_lock_step else _aside(judge, parts, clock),
        policy=policy,
        sequence=None if source.is_stills else sequence_of(settings, profile, policy, second_step),
        terms=AttemptTerms(
            timeout_ms=settings.policy.attempt_timeout_ms,
            rearm_after_denial_ms=settings.policy.rearm_after_denial_ms,
            rearm_after_grant_ms=settings.policy.rearm_after_grant_ms,
        ),
        clock=clock,
        watch=watch_of(settings, profile),
    )


def watch_of(settings: Settings, profile: Profile) -> AttemptWatch:
    """Return what watches attempts: faces are told apart by the screening model, as it would name people alone."""
    alerts = settings.alerts
    terms = ClusterTerms(
        threshold=profile.match.alone[profile.screen_model],
        most_clusters=alerts.faces_remembered,
        forget_after_ms=alerts.refusal_window_ms,
    )
    return AttemptWatch(FaceClusters(terms), WatchTerms(refusals=alerts.refusals, window_ms=alerts.refusal_window_ms))


def _aside(judge: FaceJudge, parts: GateParts, clock: Clock) -> Aside:
    models, options = parts.models, parts.settings.engine
    return Aside(
        judge,
        clock=clock,
        answer_within_ms=options.answer_within_ms,
        probe=GoldenProbe([engine for engine in models.engines if engine.model_id != DETECTOR]),
        probe_every_s=options.probe_every_s,
    )


def _judge_of(parts: GateParts, people: Callable[[], Gallery], rng: random.Random) -> FaceJudge:
    profile, models = parts.profile, parts.models
    screening, second = models.stage(profile.screen_model), models.stage(SECOND)
    return FaceJudge(
        profile=profile,
        gallery=people,
        screener=Screener(embedder=screening.embedder, crop_recipe=screening.crop_recipe, profile=profile),
        opinion=SecondOpinion(model=second, alone_threshold=profile.match.alone[SECOND]),
        verifier=Verifier(
            models=models.stages,
            defenses=defenses_of(profile),
            point=profile.match,
            rng=rng,
            certifier=certifier_of(certificates_asked(profile, parts.settings.policy), profile, models),
            pixel_defenses=pixel_defenses_of(profile),
        ),
    )
