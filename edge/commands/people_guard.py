"""What ``people enroll`` asks the enrollment guard, and what it says of the answer."""

import sys
from typing import Any

from edge.daemon.models import Models
from edge.domain.profile import Profile
from edge.domain.visible_text import visible
from edge.pipeline.enroll import Enrollment
from edge.pipeline.guard.admission import Admission, admission_of
from edge.pipeline.guard.guard import LEAST_PICTURES, EnrollmentGuard, Guarded
from edge.pipeline.guard.limits import shipped_guard_limits
from edge.pipeline.guard.look import Looker
from edge.recognition.gallery import Gallery
from edge.settings.sections import Environment


def guard_of(models: Models) -> EnrollmentGuard:
    """Return the guard with the models that serve and the limits that ship.

    Raises:
        ConfigError: the limits are malformed.
    """
    return EnrollmentGuard(Looker(models.stages), shipped_guard_limits())


def guarded_admission(
    result: Enrollment,
    models: Models,
    gallery: Gallery,
    profile: Profile,
    *,
    environment: Environment,
    accepted: str | None,
) -> tuple[Guarded, Admission]:
    """Return what the guard found in the pictures of one person, and what the person is enrolled with.

    In development one picture is enough; in production it takes an operator's word.

    Raises:
        ConfigError: the limits are malformed or for other models.
        RecognitionError: an engine failed.
        UsageError: the reason is none.
    """
    guarded = guard_of(models).judge(result.pictures, gallery, profile.match)
    least = LEAST_PICTURES if environment is Environment.PRODUCTION else 1
    return guarded, admission_of(guarded, least=least, accepted=accepted)


def held_values(guarded: Guarded) -> list[dict[str, Any]]:
    """Return what is held and why, as records."""
    return [
        {"source": h.picture.source, "suspicions": [{"screen": s.screen, "words": s.words} for s in h.suspicions]}
        for h in guarded.held
    ]


def print_held(guarded: Guarded) -> None:
    """Print what is held and why, for people."""
    for held in guarded.held:
        words = "; ".join(suspicion.words for suspicion in held.suspicions)
        print(visible(f"  held {held.picture.source}: {words}"))


def print_advice(guarded: Guarded, admission: Admission) -> None:
    """Say on stderr what an operator can do about pictures that are held or missing; nothing where none is."""
    if not (guarded.fit or guarded.held):
        return
    if not admission.pictures:
        print(
            f"nobody is enrolled: {LEAST_PICTURES} pictures are needed that nothing speaks against, "
            f"{len(guarded.fit)} are there. Take a video or more pictures at the door; or look at them yourself and "
            "add --accept-held REASON, which goes on record",
            file=sys.stderr,
        )
    elif len(admission.pictures) < LEAST_PICTURES:
        print(
            f"only {len(admission.pictures)} of {LEAST_PICTURES} pictures: nothing holds a wrong one down. Better "
            "enroll from a video or several pictures",
            file=sys.stderr,
        )
