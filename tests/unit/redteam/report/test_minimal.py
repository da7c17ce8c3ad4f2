import json
import math

from redteam.campaign.plan import Knowledge
from redteam.report.minimal import MinimalRow, minimal_rows
from redteam.report.outcomes import Outcomes
from redteam.scene import Goal
from redteam.success import Target
from tests.unit.redteam.report.campaigns import MATCH, a_row, searched

ROW = a_row(attack="bim-20", eps=16.0, knows=Knowledge.TEMPLATES, minimal_for=Target.FACENET)


def row_of(found: list[float]) -> MinimalRow:
    (row,) = minimal_rows(Outcomes([ROW, a_row()], searched(ROW, found), MATCH), {ROW.row_id: "failed: x"})
    return row


def test_medians_quartiles_and_what_was_not_reached() -> None:
    values = row_of([3, 1, 2, math.inf, 2, 4, 2]).values()
    assert (values["n"], values["median_eps"], values["quartiles"], values["unreached"]) == (7, 2, [2, 4], 1)
    assert values["median_ci95"] == [1, None]
    assert (values["attacker"], values["target"], values["knows"]) == ("joint", "facenet", "templates")
    assert (values["goal"], values["largest_eps"], values["void"]) == ("impersonation", 16.0, "failed: x")
    json.dumps(values, allow_nan=False)


def test_a_median_that_was_not_reached_is_none_in_json() -> None:
    values = row_of([1, math.inf, math.inf]).values()
    assert (values["median_eps"], values["median_ci95"], values["unreached"]) == (None, None, 2)


def test_no_scene_no_median() -> None:
    values = row_of([]).values()
    assert (values["n"], values["median_eps"], values["quartiles"], values["unreached"]) == (0, None, None, 0)


def test_only_bare_models_have_a_published_median() -> None:
    published = row_of([1]).published
    assert published is not None
    assert (published.network, published.median_eps) == ("FaceNet", 1.31)
    sface = MinimalRow(row=a_row(minimal_for=Target.SFACE), ordered=())
    assert sface.published is not None
    assert sface.published.median_eps == 0.94
    assert MinimalRow(row=a_row(minimal_for=Target.GATE), ordered=()).published is None
    assert MinimalRow(row=a_row(minimal_for=Target.SFACE, goal=Goal.DODGING), ordered=()).published is None
