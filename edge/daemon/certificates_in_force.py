"""Which certificates every grant needs, by the settings and the profile, and what asks for them at the gate."""

from collections.abc import Sequence
from typing import Protocol

from edge.defenses.occlude import Occlude
from edge.domain.certificate import Certificate
from edge.domain.errors import ConfigError
from edge.domain.level import Level
from edge.domain.profile import Profile
from edge.pipeline.certify import Certifier
from edge.pipeline.occluded import OccludedCopies
from edge.pipeline.verify import ModelStage
from edge.settings.sections import PolicySection
from edge.vision.detect import FaceDetector
from engines.runtime.base import Engine

DEFAULT_CERTIFICATE = "tiered"
LEAST_CERTIFIED_FRAMES = 2
"""A certificate's bound is measured for visits of which two frames must pass; one frame is less than that."""


def certificates_asked(profile: Profile, section: PolicySection) -> tuple[Certificate, ...]:
    """Return the certificates that every grant needs; empty = none.

    Raises:
        ConfigError: the profile has none of a name that is asked for, the level needs one and none is asked for, or
            one frame would grant: certificates are measured for two of three.
    """
    is_high = section.level is Level.HIGH
    names = section.certificate
    if names is None:
        names = (DEFAULT_CERTIFICATE,) if is_high else ()
    if is_high and not names:
        raise ConfigError(
            "level high needs a certificate, and policy.certificate is empty",
            hint=f"remove policy.certificate, or name one, such as {DEFAULT_CERTIFICATE}",
        )
    if names and section.frames_needed < LEAST_CERTIFIED_FRAMES:
        raise ConfigError(
            f"a certificate needs {LEAST_CERTIFIED_FRAMES} good frames, and policy.frames_needed is"
            f" {section.frames_needed}",
            hint="raise policy.frames_needed, or ask for no certificate",
        )
    known = {certificate.name: certificate for certificate in profile.certificates}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigError(
            f"the profile {profile.name} has no certificate {unknown[0]!r}",
            hint=f"it has {', '.join(known) or 'none'}; set policy.certificate, or fit another profile",
        )
    return tuple(known[name] for name in dict.fromkeys(names))


class JudgesCopies(Protocol):
    """What looks at occluded copies: the running models, or the same with a meter before them."""

    @property
    def judge_detector(self) -> Engine:
        """The detector of the thread that judges."""
        ...

    @property
    def stages(self) -> tuple[ModelStage, ...]:
        """The recognizers."""
        ...


def certifier_of(certificates: Sequence[Certificate], profile: Profile, models: JudgesCopies) -> Certifier | None:
    """Return who asks for the certificates in force, or None where none is."""
    if not certificates:
        return None
    recipes = {stage.model_id: stage.crop_recipe for stage in models.stages}
    return Certifier(Occlude(certificates), copies_of(models, profile), recipes)


def copies_of(models: JudgesCopies, profile: Profile) -> OccludedCopies:
    """Return what makes occluded copies, on a detector that no other thread uses."""
    return OccludedCopies(models.stages, FaceDetector(models.judge_detector, threshold=profile.detector_threshold))
