"""People who become too many, and a profile that expires, while the gate runs."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from structlog.testing import capture_logs

from edge.daemon.watched_gallery import WatchedGallery
from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.errors import TrustError
from edge.domain.match import SubjectRef
from edge.domain.profile import GallerySize
from edge.domain.reasons import Reason
from edge.recognition.gallery import Gallery, Template
from edge.settings.sections import Environment
from tests.support.hand_clock import HandClock
from tests.support.profiles import A, B, a_profile

PROFILE = a_profile()
NOON = PROFILE.created + dt.timedelta(hours=12)
KNOWN = Template.from_vectors(np.eye(3, dtype=np.float32)[:1])


class Watched:
    """A gallery of as many people as told."""

    def __init__(self, environment: Environment = Environment.PRODUCTION) -> None:
        self.people = 0
        self.clock = HandClock(NOON)
        self.told: list[AnomalyReport] = []
        self.gallery = WatchedGallery(self._gallery, PROFILE, environment, self.clock, self.told.append)

    def _gallery(self) -> Gallery:
        everybody = {SubjectRef(f"p{i}"): {"a": KNOWN, "b": KNOWN} for i in range(self.people)}
        return Gallery({"a": A, "b": B}, everybody)

    def look(self, people: int) -> int:
        """Return how many are known when so many are enrolled."""
        self.people = people
        return len(self.gallery())


def test_a_gallery_that_nears_its_bound_is_told_of_once_while_that_lasts() -> None:
    watched = Watched()
    with capture_logs() as logs:
        assert [watched.look(n) for n in (0, 8, 9, 10, 9)] == [0, 8, 9, 10, 9]
        watched.look(8)
        watched.look(10)
    assert [report.anomaly for report in watched.told] == [Anomaly.GALLERY_NEARLY_FULL] * 2
    assert watched.told[0].detail == "9 people are enrolled, and the profile is for 10 at most"
    assert [line["event"] for line in logs] == ["gallery.nearly_filled"] * 2


def test_too_many_are_still_counted_for_the_judge_to_deny() -> None:
    assert Watched().look(11) == 11


def test_a_profile_that_expires_while_the_gate_runs_leaves_nobody_known() -> None:
    watched = Watched()
    assert watched.look(3) == 3
    watched.clock.now_utc = PROFILE.expires
    with pytest.raises(TrustError, match="expired") as caught:
        watched.look(3)
    assert caught.value.reason is Reason.FAULT_INTEGRITY


def test_in_development_it_serves_on() -> None:
    watched = Watched(Environment.DEVELOPMENT)
    watched.clock.now_utc = PROFILE.expires
    assert watched.look(3) == 3


@pytest.mark.parametrize(("most", "near"), [(1, 1), (2, 2), (10, 9), (11, 10), (100, 90), (1_000, 900)])
def test_nearly_full_is_nine_tenths(most: int, near: int) -> None:
    size = replace(PROFILE.gallery, most_people=most)
    assert isinstance(size, GallerySize)
    assert not size.is_nearly_full_with(near - 1)
    assert size.is_nearly_full_with(near)
    assert not size.is_outgrown_by(most)
    assert size.is_outgrown_by(most + 1)
