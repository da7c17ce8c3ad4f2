"""Settings and profile become what watches an attempt over time."""

import secrets

from edge.defenses.replay import Replay
from edge.domain.profile import Profile
from edge.pipeline.challenge import ChallengeTerms
from edge.pipeline.sequence import SecondStep, SequenceTerms, SequenceWatch
from edge.policy.decide import Policy
from edge.settings.sections import ChallengeSection
from edge.settings.tree import Settings
from edge.vision.motion.plane import PlaneFollower


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
