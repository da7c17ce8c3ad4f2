"""The people of a running gate, while its profile may serve them."""

from collections.abc import Callable

import structlog

from edge.daemon.profile_in_force import refuse_out_of_date
from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.clock import Clock
from edge.domain.profile import Profile
from edge.recognition.gallery import Gallery
from edge.settings.sections import Environment

log = structlog.get_logger(__name__)


class WatchedGallery:
    """Call it for the gallery as it stands. One thread.

    A profile that expires while the gate runs ends in denials, in production. People who near the number that the
    profile was fitted for are told of once, while that lasts; more than that number are denied where they are judged.

    Args:
        people: gives the gallery.
        profile: in force.
        environment: of the gate.
        clock: today.
        tell: takes the anomaly.
    """

    def __init__(
        self,
        people: Callable[[], Gallery],
        profile: Profile,
        environment: Environment,
        clock: Clock,
        tell: Callable[[AnomalyReport], None],
    ) -> None:
        self._people = people
        self._profile = profile
        self._environment = environment
        self._clock = clock
        self._tell = tell
        self._was_nearly_full = False

    def __call__(self) -> Gallery:
        """Return the gallery.

        Raises:
            TrustError: the profile is out of date, in production; or as the gallery within raises.
            StoreError: the store cannot be read.
        """
        refuse_out_of_date(self._profile, self._clock.utc(), self._environment)
        gallery = self._people()
        self._note(len(gallery))
        return gallery

    def _note(self, people: int) -> None:
        room = self._profile.gallery
        is_nearly_full = room.is_nearly_full_with(people)
        if is_nearly_full and not self._was_nearly_full:
            detail = f"{people} people are enrolled, and the profile is for {room.most_people} at most"
            log.warning("gallery.nearly_filled", people=people, most_people=room.most_people)
            self._tell(
                AnomalyReport(
                    anomaly=Anomaly.GALLERY_NEARLY_FULL,
                    detail=detail,
                    attempt=None,
                    occurred_utc=self._clock.utc(),
                )
            )
        self._was_nearly_full = is_nearly_full
