import json
from typing import Any

import pytest

from calibration.statistics.intervals import clopper_pearson
from edge.daemon.models import SCREENING
from edge.domain.errors import UsageError
from redteam.campaign.plan import Attacker, Row
from redteam.campaign.records import Record, judgement_values
from redteam.report.outcomes import Outcomes, judgement_of
from redteam.report.rows import TableRow, table_rows
from redteam.scene import Goal
from redteam.success import MARKS, Mark, Point, Target
from tests.unit.redteam.report.campaigns import (
    FARS,
    LOOSE,
    MATCH,
    SHUT,
    STRICT,
    a_judgement,
    a_record,
    a_row,
    opened,
    outcomes_of,
    records_of,
)

GATE = Mark(Target.GATE)


def rows_of(row: Row, records: list[Record], voids: dict[str, str] | None = None) -> dict[Mark, TableRow]:
    outcomes = Outcomes([row], records, MATCH)
    return {found.mark: found for found in table_rows(outcomes, FARS, voids or {})}


def gate_of(row: Row, *judgements: dict[str, Any]) -> TableRow:
    return rows_of(row, [a_record(row, i, judgement) for i, judgement in enumerate(judgements)])[GATE]


def test_a_row_a_target_with_the_keys_of_the_contract() -> None:
    row = a_row(eps=4.0)
    found = rows_of(row, records_of(row, 3, 8))
    assert tuple(found) == MARKS
    values = found[GATE].values()
    contract = ["attack", "attacker", "goal", "eps", "target", "n", "success", "rate", "ci95"]
    assert list(values)[: len(contract)] == contract
    assert [values[key] for key in contract] == [
        "pgd-20",
        "joint",
        "impersonation",
        4.0,
        "gate",
        8,
        3,
        3 / 8,
        list(clopper_pearson(3, 8)),
    ]
    assert json.loads(json.dumps(values, allow_nan=False)) == values


@pytest.mark.parametrize(
    ("sface", "facenet", "fooled"),
    [
        (SHUT, SHUT, set()),
        (LOOSE, LOOSE, {("facenet", "loose"), ("sface", "loose")}),
        (SHUT, STRICT, {("facenet", "loose"), ("facenet", "strict")}),
        (LOOSE, STRICT, {("facenet", "loose"), ("facenet", "strict"), ("sface", "loose"), ("both", None)}),
    ],
)
def test_each_target_is_counted_at_its_point(sface: float, facenet: float, fooled: set[Any]) -> None:
    row = a_row()
    found = rows_of(row, [a_record(row, 0, a_judgement(sface=sface, facenet=facenet))])
    values = [each.values() for each in found.values()]
    assert {(v["target"], v["point"]) for v in values if v["success"]} == fooled


def test_far_stands_beside_bare_models_alone() -> None:
    row = a_row()
    found = rows_of(row, [])
    assert found[Mark(Target.SFACE, Point.LOOSE)].values()["far"] == 0.01
    assert found[Mark(Target.FACENET, Point.STRICT)].values()["far"] == 1e-5
    assert found[Mark(Target.BOTH)].values()["far"] is None


def test_a_row_without_records_is_there_and_nothing_is_divided() -> None:
    values = rows_of(a_row(), [])[GATE].values()
    assert (values["n"], values["success"], values["rate"], values["ci95"]) == (0, 0, None, None)
    assert (values["rate_at_lockout"], values["ci95_at_lockout"], values["mean_rate"]) == (None, None, None)
    assert values["planned"] == 10


def test_retries_are_counted_beside_the_first_try() -> None:
    row = a_row()
    values = gate_of(
        row,
        opened(granted=5),
        opened(granted=2, reason="adversarial_input"),
        opened(granted=0, reason="adversarial_input"),
        a_judgement(),
    ).values()
    assert (values["success"], values["rate_first_try"]) == (1, 0.25)
    assert (values["success_at_lockout"], values["rate_at_lockout"]) == (2, 0.5)
    assert values["ci95_at_lockout"] == list(clopper_pearson(2, 4))
    assert values["mean_rate"] == pytest.approx((1 + 0.4) / 4)


def test_opening_as_somebody_else_is_told_and_not_counted() -> None:
    values = gate_of(a_row(), a_judgement(reason="match", is_other=True)).values()
    assert (values["success"], values["granted_as_other"]) == (0, 1)


def test_who_wants_it_shut_succeeds_where_it_stays_shut_and_has_no_lockout() -> None:
    values = gate_of(a_row(goal=Goal.DODGING), opened(), a_judgement()).values()
    assert (values["goal"], values["success"], values["n"]) == ("dodging", 1, 2)
    assert values["rate_at_lockout"] is None


def test_no_face_is_no_success_of_impersonation() -> None:
    row = a_row()
    found = rows_of(row, [a_record(row, 0, a_judgement() | {"scores": {}, "likeness": {}, "landmarks": None})])
    assert not any(each.rate.success for each in found.values())


def test_patches_have_no_eps_and_a_void_row_says_why() -> None:
    row = a_row(patch="glasses", eps=None, draws=2)
    values = rows_of(row, [], {row.row_id: "failed: x"})[GATE].values()
    assert (values["eps"], values["patch"], values["draws"], values["void"]) == (None, "glasses", 2, "failed: x")


def test_questions_are_told_of_those_who_ask() -> None:
    row = a_row(Attacker.BLACKBOX, "square-2000")
    asked = [a_record(row, i, queries=q) for i, q in enumerate((10, 30, 500))]
    assert rows_of(row, asked)[GATE].values()["median_queries"] == 30
    assert rows_of(row, [a_record(row, 0)])[GATE].values()["median_queries"] is None


def test_a_scene_counts_once_and_strays_are_told() -> None:
    row = a_row()
    stray = a_record(a_row(Attacker.NOISE, "noise"), 0)
    outcomes = outcomes_of({row: (1, 2)}, [a_record(row, 0), stray])
    assert (len(outcomes.judged(row)), outcomes.strays) == (2, 1)
    assert sum(outcomes.succeeded(row, GATE).values()) == 1


def test_searches_have_rows_of_their_own() -> None:
    row = a_row(minimal_for=Target.BOTH)
    assert rows_of(row, [a_record(row, 0, minimal_eps=3.0)]) == {}


def test_a_judgement_survives_its_record() -> None:
    values = opened(granted=2)
    again = judgement_of(json.loads(json.dumps(values)))
    assert json.loads(json.dumps(judgement_values(again))) == values


@pytest.mark.parametrize(
    "broken",
    [{}, a_judgement() | {"findings": [{"defense": "x"}]}, a_judgement() | {"landmarks": [1]}],
    ids=["empty", "finding", "landmarks"],
)
def test_a_broken_judgement_is_told(broken: dict[str, Any]) -> None:
    row = a_row()
    record = Record(row=row.row_id, scene="s", goal=row.goal, seconds=1.0, linf=0.0, judgement=broken)
    with pytest.raises(UsageError, match="no judgement"):
        Outcomes([row], [record], MATCH)


def test_scores_are_compared_with_the_given_profile() -> None:
    assert MATCH.floors[SCREENING] == 0.3
    row = a_row()
    at_floor = a_record(row, 0, a_judgement(sface=0.3))
    assert rows_of(row, [at_floor])[Mark(Target.SFACE, Point.LOOSE)].rate.success == 1
