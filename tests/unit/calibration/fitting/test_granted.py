"""The profile's usual day has the names that the gate measures by, and the spread of the attempts."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from calibration.fitting.granted import usual_of
from edge.domain.assessment import Assessment
from edge.domain.finding import Finding
from edge.domain.match import Match, SubjectRef
from edge.domain.reasons import Outcome
from edge.pipeline.measures import measures_of
from edge.vision.quality import measure
from tests.support.one_answer_models import face, frame
from tests.support.profiles import a_profile

PROFILE = a_profile()


def test_every_statistic_of_a_day_has_its_usual_spread() -> None:
    pictures = [SimpleNamespace(frame=frame(), face=face(width)) for width in (100, 112, 120)]
    attempts: Any = SimpleNamespace(
        rows=np.array([0, 1, 2]), plain={"a": np.array([0.5, 0.6, 0.7]), "b": np.array([0.7, 0.8, 0.9])}
    )
    material: Any = SimpleNamespace(
        plain=SimpleNamespace(pictures=pictures[:2]), seen=SimpleNamespace(pictures=pictures[2:])
    )
    ellipsoids = {"a": np.array([-1.0, -0.9, -1.1]), "b": np.array([-0.4, -0.5, -0.6])}
    usual = usual_of(attempts, material, PROFILE.match, ellipsoids, PROFILE.quality)
    assert usual["fused"].mean == pytest.approx(0.7)
    assert usual["ellipsoid-a"].mean == pytest.approx(-1.0)
    assert usual.keys() == measured_at_the_gate().keys()


def measured_at_the_gate() -> dict[str, float]:
    finding = Finding(
        defense="distribution",
        outcome=Outcome.PASS,
        statistic=0.1,
        threshold=0.0,
        measured=(("ellipsoid a", -1.0), ("forest a", -0.4), ("ellipsoid b", -0.5)),
    )
    seen = Assessment(
        frame_seq=1,
        captured_ns=1,
        quality=measure(frame(), face(), PROFILE.quality),
        verified=Match(subject=SubjectRef("p"), fused=0.7, per_model={}),
        findings=(finding,),
    )
    found = measures_of((seen,))
    assert found is not None
    return found


def test_an_attempt_that_was_never_verified_measured_nothing() -> None:
    assert measures_of(()) is None
    assert measures_of((Assessment(frame_seq=1, captured_ns=1),)) is None
