import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from edge.domain.errors import StoreError, UsageError
from redteam.report.curves import curves
from redteam.report.html import html_of, write_html
from redteam.report.markdown import COMMAND, markdown_of, write_markdown
from redteam.report.report import Report, build_report
from redteam.report.svg import svg_of
from tests.unit.redteam.report.campaigns import FARS, MATCH, a_record, a_row, write_campaign

CLEAN = np.full((300, 600, 3), 128, np.uint8)


@pytest.fixture
def report(campaign: Path) -> Report:
    return build_report(campaign, MATCH, FARS, lambda _: CLEAN)


@pytest.fixture
def nothing(tmp_path: Path) -> Report:
    pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")
    return build_report(write_campaign(tmp_path / "empty", []), MATCH, FARS, lambda _: None)


def cells(page: str, start: str) -> list[str]:
    (line,) = [line for line in page.splitlines() if line.startswith(f"| {start}")]
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_the_page_says_who_makes_it_and_of_what(report: Report) -> None:
    page = markdown_of(report)
    assert page.startswith(f"<!-- Made by `{COMMAND}`; do not edit. -->\n")
    for told in ("suite: everything", "seed: 7", "calibration profile: d1ge57"):
        assert f"- {told}\n" in page
    count = sum(report.revisions.values())
    assert f"- revision: abc123 ({count} records)\n" in page
    headings = [line for line in page.splitlines() if line.startswith("## ")]
    assert headings == [
        "## What was attacked",
        "## How success is judged",
        "## Honesty checks",
        "## Goals",
        "## Impersonation",
        "## Dodging: a denial of service, without a goal",
        "## Smallest eps that suffices",
        "## What patches moved",
        "## What was not measured",
    ]


def test_attackers_stand_weakest_first_with_goals_beside_figures(report: Report) -> None:
    page = markdown_of(report)
    impersonation = page[page.index("## Impersonation") : page.index("## Dodging")]
    named = re.findall(r"^### (.*)$", impersonation, re.MULTILINE)
    assert named == ["Noise", "Oblivious", "Joint", "Adaptive", "Seed-known"]
    assert cells(page, "noise | eps 16")[-2:] == ["&lt;= 0 %: met", "-"]
    assert cells(page, "pgd-40 | eps 2 | pictures")[-2] == "&lt;= 10 %: missed"
    assert "7/10: 70.0 % [34.8, 93.3]; mean share of tries 70.0 %" in page
    assert "sface (loose), FAR 0.01" in page


def test_every_table_is_whole(report: Report) -> None:
    widths: list[int] = []
    for line in markdown_of(report).splitlines():
        if not line.startswith("|"):
            widths.clear()
            continue
        widths.append(len(re.findall(r"(?<!\\)\|", line)))
        assert widths[0] == widths[-1], line


def test_no_rate_stands_without_its_count_and_interval(report: Report) -> None:
    page = markdown_of(report)
    tables = [line for line in page.splitlines() if line.startswith("| ")]
    shown = [
        cell
        for line in tables
        for cell in line.split(" | ")
        if " %" in cell and "/" in cell and "joint at" not in cell
    ]
    assert shown
    for cell in shown:
        assert re.search(r"\d+/\d+: \d+\.\d % \[\d+\.\d, \d+\.\d\]", cell), cell


def test_the_smallest_eps_stands_beside_what_was_published(report: Report) -> None:
    page = markdown_of(report)
    facenet = cells(page, "oblivious | bim-20")
    assert facenet[3:9] == ["facenet", "8", "2 [1, &gt; 16]", "1, 3", "1", "FaceNet 1.31"]
    gate = cells(page, "adaptive | pgd-40")
    assert gate[5:10] == ["&gt; 16 [&gt; 16, &gt; 16]", "&gt; 16, &gt; 16", "7", "-", "&gt;= 4.8"]


def test_checks_and_gaps_are_told(report: Report) -> None:
    page = markdown_of(report)
    assert "No honesty check fails; 9 of 10 hold" in page
    assert "| noise opens nothing | holds |" in page
    assert "| clean pictures are decided rightly | not measured | by construction" in page
    assert "Attackers without a scene: transfer, blackbox, dictionary, displacement." in page
    assert "2 of 17 rows have fewer scenes than planned; 0 have none." in page
    assert "| glasses | joint | patch-120, pictures | 10 | 1 | 0 | 3.00, 3.00 |" in page


def test_an_empty_campaign_claims_nothing(nothing: Report) -> None:
    page = markdown_of(nothing)
    assert "n = 0" in page
    assert "No honesty check fails; 0 of 10 hold" in page
    assert "0 of 10 planned scenes" in page
    assert "Not searched in this suite." in page
    assert "No picture was kept." in html_of(nothing)


def test_failed_checks_are_loud_on_both_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pytest.importorskip("redteam.campaign.suites").SUITES, "smoke", (a_row(),))
    failing = build_report(write_campaign(tmp_path, [a_record(a_row(), 0, linf=9.0)]), MATCH, FARS, lambda _: None)
    assert "1 honesty check FAILS" in markdown_of(failing)
    assert "VOID, failed: no picture leaves its budget" in markdown_of(failing)
    assert '<tr class="void">' in html_of(failing)


def test_no_scene_and_no_picture_leaves_the_folder(report: Report) -> None:
    page = markdown_of(report)
    assert "scene-" not in page
    assert "data:image" not in page


def test_foreign_text_is_text(report: Report) -> None:
    assert "<script" not in markdown_of(report)
    assert "\u202e" not in markdown_of(report)
    page = html_of(report)
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2  # the cast, and a scene's name
    assert "\u202e" not in page


def test_the_page_needs_nothing_else(report: Report) -> None:
    page = html_of(report)
    assert "http" not in page
    assert "url(" not in page
    assert "@import" not in page
    assert page.count("data:image/png;base64,") == 3


class _Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_tag_is_closed(report: Report) -> None:
    parser = _Balance()
    parser.feed(html_of(report))
    assert parser.open == []


def test_curves_are_well_formed_and_show_every_interval(report: Report) -> None:
    drawn = list(curves(report))
    assert [curve.title for curve in drawn] == [
        "facenet (strict): success against eps",
        "both: success against eps",
        "gate: success against eps",
        "both: success against steps",
        "gate: success against steps",
        "gate: success against random views a step",
    ]
    for curve in drawn:
        root = ET.fromstring(svg_of(curve))  # noqa: S314 - drawn by the code under test
        points = sum(len(line.points) for line in curve.lines)
        assert len(root.findall(".//line[@class='bar']")) == len(root.findall(".//circle")) == points > 0
        numbers = [float(v) for line in root.iter("line") for k, v in line.items() if k != "class"]
        assert all(0 <= number <= 640 for number in numbers)


def test_a_line_joins_equal_attacks_alone(report: Report) -> None:
    eps = next(iter(curves(report)))
    assert {line.label: [x for x, _ in line.points] for line in eps.lines} == {
        "oblivious pgd-20, pictures": [2, 4, 64],
        "joint pgd-40, pictures": [2, 4, 8],
    }


def test_where_it_cannot_be_written_is_told(report: Report, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        write_html(report, tmp_path / "nowhere" / "report.html")
    write_html(report, tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_a_page_that_cannot_be_written_is_a_usage_error(report: Report, tmp_path: Path) -> None:
    write_markdown(report, tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text("utf-8") == markdown_of(report)
    with pytest.raises(UsageError, match="cannot be written"):
        write_markdown(report, tmp_path / "nowhere" / "page.md")
