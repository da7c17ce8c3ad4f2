"""Leaving kinds of attacks out: what is like others is found unseen, what is like people is not."""

from dataclasses import replace

import numpy as np
import pytest

from calibration.commands.detector_head import record_of
from calibration.evaluation.detector_head import Trial, check_values, leave_one_out
from calibration.statistics.joint_refusal import Measure
from edge.defenses.evidence_vector import LEAST_SHIFT, evidence_names
from edge.domain.errors import UsageError
from edge.domain.profile import MatchPoint
from tests.support.detector_heads import attacks_of, genuine_of

NAMES = evidence_names(("a", "b"))
POINT = MatchPoint(
    threshold=0.5, weights={"a": 0.5, "b": 0.5}, floors={"a": 0.3, "b": 0.3}, alone={"a": 0.7, "b": 0.7}
)


def _trial() -> Trial:
    genuine = genuine_of(NAMES)
    measures = {"agreement": Measure(genuine.columns["agreement"], is_floor=True)}
    return Trial(genuine=genuine, measures=measures, point=POINT, budget=0.02)


def test_a_kind_like_the_others_is_found_and_counts_are_exact() -> None:
    evidence = attacks_of(NAMES, ("joint @2", "joint @4", "patch"), shift=0.1)
    rows = {row.family: row for row in leave_one_out(_trial(), evidence)}
    assert list(rows) == ["joint @2", "joint @4", "patch", "all"]
    assert all(row.asked == row.pictures == 20 for name, row in rows.items() if name != "all")
    assert rows["all"].asked == 60
    for row in rows.values():
        assert row.alone[0.01].hits == row.asked
        assert row.together.hits == row.asked
        assert row.without.hits < row.asked
    record = record_of(rows["patch"])
    assert record["alone"]["0.01"] == {"found": 20, "of": 20, "ci95": pytest.approx([0.8316, 1.0], abs=1e-4)}


def test_what_does_not_match_is_not_counted() -> None:
    evidence = attacks_of(NAMES, ("joint", "noise", "patch"), shift=0.1)
    values = evidence.values.copy()
    values[20:40, NAMES.index("plain a")] = 0.1
    rows = {row.family: row for row in leave_one_out(_trial(), replace(evidence, values=values))}
    assert (rows["noise"].pictures, rows["noise"].asked, rows["noise"].without.ci95) == (20, 0, None)
    assert str(rows["noise"].together) == "-"


def test_one_kind_cannot_be_left_out() -> None:
    with pytest.raises(UsageError, match="two"):
        list(leave_one_out(_trial(), attacks_of(NAMES, ("joint",), shift=0.1)))


def test_checks_measure_attacks_as_they_measure_people() -> None:
    evidence = attacks_of((*NAMES, "forest a"), ("joint",), shift=0.0, each=3)
    found = check_values(evidence, POINT, ["random-score", "random-drop a", "median3 b", "forest a"])
    means = [evidence.column(f"random mean {m}") for m in ("a", "b")]
    np.testing.assert_allclose(found["random-score"], np.mean(means, axis=0))
    np.testing.assert_allclose(found["random-drop a"], evidence.column("random drop a"))
    np.testing.assert_allclose(np.log2(found["median3 b"] + LEAST_SHIFT), evidence.column("median3 b"))
    np.testing.assert_allclose(found["forest a"], evidence.column("forest a"))
