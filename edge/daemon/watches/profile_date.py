"""Whether the profile may still serve: asked by itself, so that an expiry is told though nobody comes."""

from edge.daemon.profile_in_force import refuse_out_of_date
from edge.domain.clock import Clock
from edge.domain.errors import EdgeError, TrustError
from edge.domain.profile import Profile
from edge.settings.sections import Environment


class ProfileDateWatch:
    """A ``Watch`` of the profile's dates; in production alone.

    Args:
        profile: in force.
        environment: of the gate.
        clock: today.
    """

    def __init__(self, profile: Profile, environment: Environment, clock: Clock) -> None:
        self._profile = profile
        self._environment = environment
        self._clock = clock

    def __call__(self) -> EdgeError | None:
        """Return what is wrong with its dates now."""
        try:
            refuse_out_of_date(self._profile, self._clock.utc(), self._environment)
        except TrustError as error:
            return error
        return None
