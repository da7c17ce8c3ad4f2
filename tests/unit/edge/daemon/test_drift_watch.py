"""Drift is told once a day, with the statistic and without a number."""

import datetime as dt
from pathlib import Path

from edge.daemon.drift_watch import DriftWatch
from edge.domain.anomaly import Anomaly
from edge.domain.sketch import Spread
from edge.policy.drift import LEAST_ATTEMPTS
from edge.store.state import open_state
from edge.trust.keys import KeyRing
from edge.trust.signing import Signer
from tests.support.hand_clock import HandClock

KEYS = KeyRing(signer=Signer(bytes(32)), gallery_key=bytes(range(32)))
NOON = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
USUAL = {"fused": Spread(mean=0.7, deviation=0.05)}


def test_an_unusual_day_is_told_of_once_and_the_next_one_again(tmp_path: Path) -> None:
    clock = HandClock(NOON)
    with open_state(tmp_path / "s", KEYS) as state:
        watch = DriftWatch(state.sketches, USUAL, clock)
        told = watch.note([{"fused": 0.45}] * (LEAST_ATTEMPTS + 20))
        assert [(report.anomaly, report.detail) for report in told] == [
            (Anomaly.DISTRIBUTION_DRIFT, "fused moved off the profile")
        ]
        clock.now_utc += dt.timedelta(days=1)
        assert len(watch.note([{"fused": 0.45}] * LEAST_ATTEMPTS)) == 1
        assert watch.note([{"fused": 0.45}]) == ()


def test_a_usual_day_and_no_attempt_say_nothing(tmp_path: Path) -> None:
    with open_state(tmp_path / "s", KEYS) as state:
        watch = DriftWatch(state.sketches, USUAL, HandClock(NOON))
        assert watch.note([{"fused": 0.7}, {"fused": 0.72}] * LEAST_ATTEMPTS) == ()
        assert watch.note([]) == ()
