"""A campaign's folder: what was written stays, what was cut runs again, and two campaigns are never mixed."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge.domain.errors import UsageError
from redteam.campaign.records import (
    MANIFEST_FILE,
    RECORDS_FILE,
    CampaignFolder,
    Manifest,
    Record,
    read_manifest,
    read_records,
)
from redteam.scene import Goal

MANIFEST = Manifest(
    suite="smoke", seed=1, revision="abc", profile_digest="d", precision="fp32", torch="2", cast="two portraits"
)


def _record(scene: str) -> Record:
    return Record(row="r", scene=scene, goal=Goal.IMPERSONATION, seconds=1.5, linf=8.0, judgement={"tries": 1})


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    folder = CampaignFolder(tmp_path)
    folder.begin(MANIFEST)
    folder.append([_record("a"), _record("b")])
    folder.append([replace(_record("c"), minimal_eps=float("inf"), judgement=None)])
    assert list(read_records(tmp_path)) == [
        _record("a"),
        _record("b"),
        replace(_record("c"), minimal_eps=float("inf"), judgement=None),
    ]
    assert read_manifest(tmp_path) == MANIFEST


def test_a_line_cut_by_a_kill_is_dropped_and_runs_again(tmp_path: Path) -> None:
    folder = CampaignFolder(tmp_path)
    folder.begin(MANIFEST)
    folder.append([_record("a"), _record("b")])
    file = tmp_path / RECORDS_FILE
    file.write_bytes(file.read_bytes()[:-20])
    assert [r.scene for r in read_records(tmp_path)] == ["a"]
    again = CampaignFolder(tmp_path)
    again.begin(MANIFEST)
    again.append([_record("b")])
    assert [r.scene for r in read_records(tmp_path)] == ["a", "b"]


@pytest.mark.parametrize("change", [{"seed": 2}, {"revision": "def"}, {"profile_digest": "e"}, {"suite": "full"}])
def test_another_campaign_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    CampaignFolder(tmp_path).begin(MANIFEST)
    with pytest.raises(UsageError, match=next(iter(change))) as caught:
        CampaignFolder(tmp_path).begin(replace(MANIFEST, **change))  # type: ignore[arg-type]  # one known field
    assert caught.value.hint


def test_another_revision_may_go_on_if_it_says_so(tmp_path: Path) -> None:
    CampaignFolder(tmp_path).begin(MANIFEST)
    CampaignFolder(tmp_path).begin(replace(MANIFEST, revision="def"), is_across_revisions=True)
    assert read_manifest(tmp_path) == MANIFEST
    with pytest.raises(UsageError, match="seed"):
        CampaignFolder(tmp_path).begin(replace(MANIFEST, revision="def", seed=2), is_across_revisions=True)


@pytest.mark.parametrize("line", ["{", "[]", '{"row": "r"}', '{"row": "r", "goal": "nothing"}', "x"])
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    CampaignFolder(tmp_path).begin(MANIFEST)
    (tmp_path / RECORDS_FILE).write_text(line + "\n")
    with pytest.raises(UsageError, match="line 1"):
        list(read_records(tmp_path))


def test_a_folder_without_a_campaign_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no campaign"):
        read_manifest(tmp_path)
    (tmp_path / MANIFEST_FILE).write_text('{"suite": 1}')
    with pytest.raises(UsageError, match="no campaign"):
        read_manifest(tmp_path)


def test_no_records_are_no_error(tmp_path: Path) -> None:
    assert list(read_records(tmp_path)) == []
