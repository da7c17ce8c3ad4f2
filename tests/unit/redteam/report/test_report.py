import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from edge.domain.errors import UsageError
from redteam.campaign.plan import Alignment, Attacker
from redteam.campaign.suites import SUITES
from redteam.report.markdown import markdown_of
from redteam.report.report import Report, build_report
from redteam.report.strips import MOST_STRIPS
from tests.unit.redteam.report.campaigns import (
    FARS,
    MANIFEST,
    MATCH,
    a_judgement,
    a_record,
    a_row,
    opened,
    write_campaign,
)
from tests.unit.redteam.report.everything import EVERYTHING, GLASSES, MOVED, SEARCHES

CLEAN = np.full((300, 600, 3), 128, np.uint8)


def report_of(folder: Path, clean: Any = None) -> Report:
    return build_report(folder, MATCH, FARS, lambda _: clean)


def test_everything_is_there_and_printable(campaign: Path) -> None:
    report = report_of(campaign)
    attacks = [row for row in EVERYTHING if row.minimal_for is None]
    assert len(report.rows) == 6 * len(attacks)
    assert [row.row for row in report.minimal] == list(SEARCHES)
    for values in (report.row_values(), report.minimal_values(), report.movement_values(), report.check_values()):
        every = list(values)
        assert every
        json.dumps(every, allow_nan=False)


def test_an_empty_campaign_has_rows_of_nothing(tmp_path: Path) -> None:
    report = report_of(write_campaign(tmp_path, []))
    assert {row.rate.n for row in report.rows} == {0}
    assert {check.ok for check in report.checks} == {None}
    assert report.strips == ()


def test_no_campaign_and_no_suite_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no campaign"):
        report_of(tmp_path)
    write_campaign(tmp_path, [], dataclasses.replace(MANIFEST, suite="nonesuch"))
    with pytest.raises(UsageError, match="nonesuch"):
        report_of(tmp_path)


def test_failed_checks_void_their_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = a_row(Attacker.NOISE, "noise")
    monkeypatch.setitem(SUITES, "smoke", (noise, a_row(), SEARCHES[1]))
    report = report_of(write_campaign(tmp_path, [a_record(noise, 0, opened())]))
    assert {row.void for row in report.rows} == {"failed: noise opens nothing"}
    assert report.minimal[0].void == "failed: noise opens nothing"


def test_movement_tells_median_most_and_lost_faces(campaign: Path) -> None:
    (moved,) = report_of(campaign).movements
    assert (moved.row, moved.n, moved.lost) == (GLASSES, 10, 1)
    values = moved.values()
    assert values["landmarks_px"] == {"median": 3.0, "most": 3.0}
    assert values["scale"] == {"median": 1.25, "most": 1.25}
    assert values["rotation_degrees"] == {"median": 4.0, "most": 4.0}


def test_where_the_gate_compares_nothing_nothing_was_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SUITES, "smoke", (GLASSES,))
    far = {**MOVED, "shift_px": 40.0}
    records = [
        a_record(GLASSES, 0, moved=MOVED),
        a_record(GLASSES, 1, a_judgement(reason="low_quality"), moved=far),
        a_record(GLASSES, 2, a_judgement(reason="no_face")),
    ]
    (moved,) = report_of(write_campaign(tmp_path, records)).movements
    assert (moved.n, moved.lost, moved.refused) == (3, 1, 1)
    assert moved.spreads["shift_px"].most == 1.5


def test_a_printed_patch_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = dataclasses.replace(GLASSES, is_printed=True, alignment=Alignment.JITTERED)
    monkeypatch.setitem(SUITES, "smoke", (row,))
    report = report_of(write_campaign(tmp_path, [a_record(row, 0, moved=MOVED)]))
    assert {values["printed"] for values in (*report.row_values(), *report.movement_values())} == {True}
    page = markdown_of(report)
    assert "| patch-120 | patch glasses, printed | pictures, alignment jittered |" in page
    assert "| glasses, printed | joint |" in page


def test_a_broken_movement_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SUITES, "smoke", (GLASSES,))
    records = [a_record(GLASSES, 0, moved={**MOVED, "more": 1})]
    with pytest.raises(UsageError, match="no reached alignment"):
        report_of(write_campaign(tmp_path, records))


def test_strips_show_the_change_around_gray_and_stay_small(campaign: Path) -> None:
    strip = report_of(campaign, CLEAN).strips[0]
    assert strip.row.attacker is Attacker.ADAPTIVE
    assert strip.clean is not None
    assert strip.perturbation is not None
    assert strip.clean.shape == (128, 256, 3)
    assert set(np.unique(strip.perturbation)) == {228}


@pytest.mark.parametrize("clean", [None, CLEAN[:10]], ids=["none", "another size"])
def test_without_the_clean_frame_the_attacked_one_is_shown(campaign: Path, clean: Any) -> None:
    strip = report_of(campaign, clean).strips[0]
    assert strip.attacked is not None
    assert (strip.clean, strip.perturbation) == (None, None)


def test_nothing_outside_the_folder_is_read(campaign: Path) -> None:
    outside = report_of(campaign, CLEAN).strips[1]
    assert outside.judged.record.picture == "../outside.png"
    assert outside.attacked is None


def test_strips_are_few_of_every_attacker_and_ask_for_few_clean_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = (a_row(Attacker.NOISE, "noise"), a_row(eps=2.0), a_row(eps=4.0), a_row(Attacker.ADAPTIVE, "pgd-40"))
    monkeypatch.setitem(SUITES, "smoke", rows)
    records = [a_record(r, i, opened() if i == 7 else None, picture="x.png") for r in rows for i in range(10)]
    asked: list[str] = []
    report = build_report(write_campaign(tmp_path, records), MATCH, FARS, asked.append)
    shown = [(strip.row, strip.judged.record.scene) for strip in report.strips]
    assert len(shown) == len(asked) == MOST_STRIPS
    assert shown[:4] == [(rows[3], "scene-7"), (rows[1], "scene-7"), (rows[0], "scene-7"), (rows[3], "scene-0")]
    assert {row for row, _ in shown} == set(rows)
