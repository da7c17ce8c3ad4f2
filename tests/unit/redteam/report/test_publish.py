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
from redteam.report.publish import PAGE_FILE, REACHED_FILE, publish
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
