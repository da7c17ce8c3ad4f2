"""The profile that decides at a door: signed, in date, and fit for as many people as are enrolled."""

import datetime as dt

import structlog

from edge.daemon.assembly import Bound, profile_folder, read_profile
from edge.domain.clock import Clock
from edge.domain.errors import ConfigError, TrustError
from edge.domain.profile import Profile, SignedBy
from edge.settings.sections import Environment
from edge.settings.tree import Settings
from edge.trust.profile_signature import unsigned

log = structlog.get_logger(__name__)


def profile_in_force(settings: Settings, models: Bound, clock: Clock) -> Profile:
    """Read the profile that the gate decides by. Out of date it is refused in production alone.

    Args:
        settings: name the folder, the environment and the keys that may sign.
        models: what runs.
        clock: today.

    Raises:
        ConfigError: it is missing or malformed, or lacks the numbers of a mandatory defense.
        TrustError: it was altered, is unsigned, signed by somebody who may not, out of date in production, or made
            for other models.
    """
    profile = read_profile(settings, models)
    if profile.signed_by is SignedBy.NOBODY:
        raise unsigned(profile_folder(settings))
    refuse_incomplete(profile)
    refuse_out_of_date(profile, clock.utc(), settings.environment)
    return profile


def refuse_incomplete(profile: Profile) -> None:
    """Return if ``profile`` has numbers for every defense of the gate.

    Without them nobody would be let in, since a defense that cannot judge denies; better to hear it at the start.

    Raises:
        ConfigError: a model has no baseline, or there are no bounds of pixels.
    """
    strange = profile.match.weights.keys() - {baseline.model_id for baseline in profile.baselines}
    lacking = [f"a baseline of {model}" for model in sorted(strange)]
    lacking += ["bounds of pixels"] if profile.pixel_limits is None else []
    if lacking:
        raise ConfigError(
            f"the profile {profile.name} lacks {', '.join(lacking)}, without which nobody could be let in",
            hint="fit it again with 'edge-gate calibrate fit'",
        )


def refuse_out_of_date(profile: Profile, now: dt.datetime, environment: Environment) -> None:
    """Return if ``profile`` may serve now.

    Raises:
        TrustError: in production: it has expired, or the clock stands before it was made.
    """
    problem = date_problem(profile.created, profile.expires, now)
    if problem is not None and environment is not Environment.DEVELOPMENT:
        raise TrustError(f"the profile {profile.name} {problem[0]}", hint=problem[1])


def warn_of_date(profile: Profile, now: dt.datetime) -> None:
    """Write what is wrong with the profile's dates to the log, for a gate that serves all the same."""
    problem = date_problem(profile.created, profile.expires, now)
    if problem is not None:
        log.warning("profile.outdated", profile=profile.name, problem=problem[0], hint=problem[1])


def date_problem(created: dt.datetime, expires: dt.datetime, now: dt.datetime) -> tuple[str, str] | None:
    """Return what is wrong with a profile's dates at ``now`` and what to do about it, or None."""
    if now >= expires:
        return (
            f"expired at {expires.isoformat(timespec='seconds')}",
            "fit it again with 'edge-gate calibrate fit', look at it and sign it; or check the clock of this machine",
        )
    if now < created:
        return (
            f"was made at {created.isoformat(timespec='seconds')}, which is still to come by the clock here",
            "set the clock of this machine, or of the one that fitted the profile",
        )
    return None


def refuse_outgrown(people: int, profile: Profile) -> None:
    """Return if ``profile`` serves a gallery of so many people.

    Raises:
        ConfigError: it was not fitted for so many.
    """
    if profile.gallery.is_outgrown_by(people):
        raise ConfigError(
            f"{people} people are more than the {profile.gallery.most_people} that the profile {profile.name} is for",
            hint="fit a profile for a larger gallery with 'edge-gate calibrate fit', or erase people who do not come",
        )
