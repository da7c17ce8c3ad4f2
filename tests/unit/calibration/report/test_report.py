"""The report says nothing that its records do not, needs nothing else, and bounds what it cannot resolve."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from calibration.fitting.attempts import Attempts
from calibration.fitting.defense_points import BOUNDED_PIXELS
from calibration.fitting.material import Material
from calibration.report.build import Report, SplitB, build_report
from calibration.report.checks import JOINTLY
from calibration.report.html import html_of, write_html
from calibration.statistics.score_set import score_set
from edge.domain.errors import StoreError
from edge.domain.profile import Profile
from edge.trust.profile import load_profile, read_profile_file
from tests.support.people_of_vectors import MODELS, people_of_vectors
from tests.support.site_profile import site_profile

pytest.importorskip("scipy")

HEADING = {
    "profile": "ours <b>",
    "digest": "d" * 64,
    "signed_by": "nobody",
    "expires": "2126",
    "gallery": "at most 10",
}
_CELL = re.compile(r"<t[dh][^>]*>([^<]*)</t[dh]>")
_NUMBER = re.compile(r"(?<![\w.-])-?\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.])")


def _attempts(people: int) -> Attempts:
    rng = np.random.default_rng(3)
    n, width = 4 * people, 32
    vectors = {m: rng.normal(size=(n, width)).astype(np.float32) for m in MODELS}
    return Attempts(
        owners=np.repeat(np.arange(people), 4),
        plain={m: rng.uniform(0.6, 0.9, n) for m in MODELS},
        random={m: rng.uniform(0.4, 0.9, (n, 4)) for m in MODELS},
        shifts={m: rng.uniform(0.0, 0.2, (n, 3)) for m in MODELS},
        vectors=vectors,
        pixels={name: rng.normal(size=n) for name in BOUNDED_PIXELS},
        rows=np.arange(n),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return site_profile(tmp_path_factory.mktemp("report") / "profile")


def _profile(folder: Path) -> Profile:
    profile = load_profile(folder, environment="development")
    weights = np.random.default_rng(4).normal(size=(33, 32)).astype(np.float32)
    agreement = replace(profile.agreement, weights=weights, threshold=-1.0)
    return replace(profile, agreement=agreement, baselines=(), pixel_limits=None)


@pytest.fixture(scope="module")
def report(folder: Path) -> Report:
    readings = people_of_vectors([12, 11, *[3] * 40])
    material = Material({}, readings, readings, score_set(readings, [readings, readings]))
    read = SplitB(material=material, attempts=_attempts(30))
    return build_report(HEADING, read, _profile(folder), read_profile_file(folder))


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return html_of(report, None)


def _values(value: Any) -> Iterator[str]:
    if isinstance(value, float):
        yield f"{value:.4g}"
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _values(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _values(item)


def test_every_number_of_the_page_is_in_the_records(report: Report, page: str) -> None:
    known = set(_values([json.loads(json.dumps(record)) for record in report.records()]))
    shown = [number for cell in _CELL.findall(page) for number in _NUMBER.findall(cell)]
    assert len(shown) > 100
    assert set(shown) <= known


def test_records_say_where_they_belong(report: Report) -> None:
    tables = [record["table"] for record in report.records()]
    assert tables[:2] == ["profile", "data"]
    assert {t: tables.count(t) for t in ("points", "visits", "curves", "histograms")} == {
        "points": 7,
        "visits": 9,
        "curves": 3,
        "histograms": 3,
    }
    match = next(record for record in report.records() if record.get("point") == "match")
    assert match["target"] == 1e-4  # FPIR 1e-3 by ten people
    assert match["threshold_split_b_ci95"] is None  # five thousand comparisons: too few
    assert match["tar"] == pytest.approx(1 - match["frr"])


def test_what_was_not_seen_is_bounded(report: Report, page: str) -> None:
    (match,) = [point for point in report.points if point.name == "match"]
    if match.far.hits == 0:
        assert f"none seen: at most {match.far.interval[1]:.4g}" in page if match.far.interval else False
    assert "none seen: at most" in page


def test_checks_are_counted_jointly(report: Report) -> None:
    *each, jointly = report.checks
    assert jointly.name == JOINTLY
    assert jointly.refused.trials == 120
    assert max(row.refused.hits for row in each) <= jointly.refused.hits <= sum(row.refused.hits for row in each)


def test_the_marked_point_lies_on_the_curve_and_curves_rise(report: Report) -> None:
    for curve in report.curves:
        fars, tars = zip(*curve.points, strict=True)
        assert list(fars) == sorted(fars)
        assert list(tars) == sorted(tars)
        below = [tar for far, tar in curve.points if far <= curve.marked[0]]
        assert not below or below[-1] <= curve.marked[1]


def test_the_page_needs_nothing_else(page: str) -> None:
    for outside in ("http:", "https:", "url(", "@import", "<script", "<link", "src="):
        assert outside not in page
    assert "ours &lt;b&gt;" in page


class _Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed(page: str) -> None:
    parser = _Balance()
    parser.feed(page)
    assert parser.open == []
    drawn = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(drawn) == 5
    for svg in drawn:
        root = ET.fromstring(svg)  # noqa: S314 - drawn by the code under test
        for line in root.iter("polyline"):
            for place in line.get("points", "").split():
                x, y = map(float, place.split(","))
                assert 0 <= x <= 640
                assert 0 <= y <= 500


def test_without_attempts_and_visits_that_is_said(folder: Path) -> None:
    readings = people_of_vectors([3] * 12)
    material = Material({}, readings, readings, score_set(readings, [readings]))
    few = build_report(HEADING, SplitB(material=material, attempts=None), _profile(folder), read_profile_file(folder))
    assert (few.visits, few.checks) == ((), ())
    page = html_of(few, "it expired")
    assert page.count("<p>Not measured.</p>") == 2
    assert '<p class="failing">it expired</p>' in page


def test_where_it_cannot_be_written_is_told(report: Report, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        write_html(report, None, tmp_path / "nowhere" / "report.html")
