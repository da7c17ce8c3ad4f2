"""Distribution: the plain embedding of every model against its baseline, and the finding names what failed."""

import numpy as np
import pytest

from edge.defenses.base import ViewEvidence
from edge.defenses.distribution import Distribution
from edge.domain.baseline import CHECKS
from edge.domain.reasons import Outcome
from tests.support.baselines import a_baseline, a_cloud

WIDTH = 8
A, B = a_baseline("a", WIDTH), a_baseline("b", WIDTH)


def evidence(views: tuple[str, ...] = ("other", "plain")) -> ViewEvidence:
    cloud = a_cloud(len(views), WIDTH)
    scores = np.full(len(views), 0.8)
    return ViewEvidence(views=views, vectors={"a": cloud, "b": cloud.copy()}, scores={"a": scores}, fused=scores)


def test_what_is_like_the_baselines_passes() -> None:
    assert Distribution((A, a_baseline("b", WIDTH))).judge(evidence()).outcome is Outcome.PASS


@pytest.mark.parametrize("check", CHECKS)
def test_the_failing_check_and_model_are_named(check: str) -> None:
    thresholds = {**dict.fromkeys(CHECKS, -1e3), check: 1e3}
    strict = type(A)(model_id="b", ellipsoid=A.ellipsoid, forest=A.forest, machine=A.machine, thresholds=thresholds)
    finding = Distribution((A, strict)).judge(evidence())
    assert (finding.outcome, finding.detail) == (Outcome.FAIL, f"{check} b")
    assert finding.threshold == 1e3


def test_only_the_plain_view_is_judged() -> None:
    spoiled = evidence()
    spoiled.vectors["a"][0] = np.nan
    assert Distribution((A, B)).judge(spoiled).outcome is Outcome.PASS
    spoiled.vectors["a"][1] = np.nan
    assert Distribution((A, B)).judge(spoiled).outcome is Outcome.ERROR


def test_a_vector_of_another_model_is_an_error() -> None:
    assert Distribution((a_baseline("a", WIDTH + 1),)).judge(evidence()).outcome is Outcome.ERROR


def test_fewer_rows_than_views_are_an_error() -> None:
    seen = evidence()
    short = ViewEvidence(views=seen.views, vectors={"a": seen.vectors["a"][:1]}, scores={}, fused=seen.fused)
    assert Distribution((A,)).judge(short).outcome is Outcome.ERROR


def test_no_baselines_are_an_error_and_never_a_pass() -> None:
    assert Distribution(()).judge(evidence()).outcome is Outcome.ERROR


def test_a_model_without_a_baseline_is_an_error_and_so_is_a_baseline_without_its_model() -> None:
    assert Distribution((A,)).judge(evidence()).outcome is Outcome.ERROR
    assert Distribution((A, B, a_baseline("c", WIDTH))).judge(evidence()).outcome is Outcome.ERROR
