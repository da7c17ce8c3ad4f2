import subprocess
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from redteam.campaign import provenance


def _git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.org")
    subprocess.run(("git", *who, "-C", str(folder), *arguments), check=True, capture_output=True, timeout=30)


def test_a_revision_tells_of_changes_and_nothing_of_no_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provenance, "_ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance.source_revision() == "unknown"
    _git(tmp_path, "init", "-q")
    (tmp_path / "file").write_text("one")
    _git(tmp_path, "add", "file")
    _git(tmp_path, "commit", "-q", "-m", "one")
    clean = provenance.source_revision()
    assert len(clean) == 12
    assert int(clean, 16) >= 0
    (tmp_path / "file").write_text("two")
    assert provenance.source_revision() == f"{clean}+"


def test_torch_has_a_version() -> None:
    assert provenance.torch_version()[0].isdigit()
