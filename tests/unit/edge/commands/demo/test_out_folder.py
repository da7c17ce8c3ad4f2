"""The folder that the demo writes to."""

from pathlib import Path

import pytest

from edge.commands.demo.out_folder import OutFolder, OutFolderError


def test_a_folder_is_made_and_left_without_traces_of_the_trial(tmp_path: Path) -> None:
    folder = OutFolder.at(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    assert folder.write("report.html", b"x").read_bytes() == b"x"
    assert folder.write("report.html", b"y").read_bytes() == b"y"


def test_a_folder_that_cannot_be_made_is_a_device_fault_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    for path in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/demo-out")):
        with pytest.raises(OutFolderError, match="cannot write") as caught:
            OutFolder.at(path)
        assert caught.value.exit_code == 5
        assert "--out" in caught.value.hint


def test_a_file_in_the_way_of_the_report_is_said(tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    with pytest.raises(OutFolderError, match=r"report\.html"):
        OutFolder.at(tmp_path).write("report.html", b"x")
