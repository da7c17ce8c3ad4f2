"""What a campaign's folder holds after its report: a page, and alignments where a patch was worn."""

import dataclasses
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from calibration.certificate.reached import read_reached
from edge.daemon.assembly import DEFAULT_PROFILE
from edge.domain.errors import UsageError
from edge.settings.tree import Settings
from edge.trust.profile import read_profile_file
from redteam.campaign.plan import Row
from redteam.campaign.suites import SUITES
from redteam.report.publish import PAGE_FILE, REACHED_FILE, fars_in, publish
from redteam.success import Mark, Point, Target
from tests.unit.redteam.report.campaigns import MANIFEST, a_record, write_campaign
from tests.unit.redteam.report.everything import GLASSES, MOVED, NOISE

DEFAULT = dataclasses.replace(MANIFEST, profile_digest=read_profile_file(DEFAULT_PROFILE).digest)


def _publish(folder: Path, row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SUITES, "smoke", (row,))
    records = [a_record(row, index, moved=MOVED if row.patch else None) for index in range(2)]
    publish(write_campaign(folder, records, DEFAULT), Settings(), None)


def test_alignments_that_patches_reached_are_written_beside_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _publish(tmp_path, GLASSES, monkeypatch)
    assert (tmp_path / PAGE_FILE).is_file()
    read = read_reached(tmp_path / REACHED_FILE)
    assert [(each.shape, each.scale) for each in read] == [("glasses", 0.8)] * 2
    assert str(MOVED["scene_id"]) not in (tmp_path / REACHED_FILE).read_text()


def test_without_a_patch_there_is_the_page_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _publish(tmp_path, NOISE, monkeypatch)
    assert (tmp_path / PAGE_FILE).is_file()
    assert not (tmp_path / REACHED_FILE).exists()


def test_a_campaign_against_other_thresholds_is_refused(tmp_path: Path) -> None:
    write_campaign(tmp_path, [], MANIFEST)
    with pytest.raises(UsageError, match=r"profile d1ge57") as caught:
        publish(tmp_path, Settings(), None)
    assert "policy.profile" in caught.value.hint


def test_false_accept_rates_are_read_as_one_number_or_by_model() -> None:
    by_model = fars_in({"floor_far": {"facenet-20180408": 0.01, "sface-2021dec": 0.001}, "alone_far": 1e-5})
    assert by_model[Mark(Target.FACENET, Point.LOOSE)] == 0.01
    assert by_model[Mark(Target.SFACE, Point.LOOSE)] == 0.001
    assert by_model[Mark(Target.SFACE, Point.STRICT)] == by_model[Mark(Target.FACENET, Point.STRICT)] == 1e-5
    assert fars_in({"floor_far": 0.02}) == {
        Mark(Target.FACENET, Point.LOOSE): 0.02,
        Mark(Target.SFACE, Point.LOOSE): 0.02,
    }
    assert fars_in({"floor_far": "often"}) == {}
