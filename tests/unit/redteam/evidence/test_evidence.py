"""The families can all be crafted, people of split B play no part, and a file goes on where it ends or not at all."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.fitting.attack_evidence import no_evidence, write_evidence
from calibration.pictures.pairs import in_split_a
from edge.daemon.assembly import DEFAULT_PROFILE
from edge.domain.errors import UsageError
from edge.domain.face import Box, Face
from edge.domain.match import SubjectRef
from edge.trust.profile import load_profile

pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from redteam.campaign.arsenal import attack_of
from redteam.cast import CRAFTING, ENROLLED, split_a
from redteam.evidence.families import families
from redteam.evidence.make import begun, chunks_of, family_of
from redteam.evidence.measure import column_names
from redteam.scene import Goal, Scene

FACE = Face(frame_seq=0, box=Box(1, 1, 9, 9), landmarks=np.zeros((5, 2), np.float32), score=0.9)
NAMES = column_names(("a", "b"))


def _scene(number: int, side: int) -> Scene:
    return Scene(
        scene_id=f"s{number}",
        goal=Goal.IMPERSONATION,
        pixels=np.zeros((side, side, 3), np.uint8),
        face=FACE,
        victim=SubjectRef("v"),
        wanted={},
        templates={},
        victim_picture=np.zeros((9, 9, 3), np.uint8),
    )


def test_every_family_is_of_the_arsenal_and_no_two_rows_share_a_name() -> None:
    profile = load_profile(DEFAULT_PROFILE, environment="development")
    rows = [(family_of(name, row), row) for name, some in families(4).items() for row in some]
    assert len({name for name, _ in rows}) == len(rows)
    for _, row in rows:
        assert attack_of(row, profile).name
        assert row.scenes == 4
        assert row.goal is Goal.IMPERSONATION


def test_the_columns_are_distinct() -> None:
    assert len(set(NAMES)) == len(NAMES)


def test_nobody_of_split_b_plays_and_nobody_plays_twice(tmp_path: Path) -> None:
    for index in range(60):
        folder = tmp_path / f"Person_{index}"
        folder.mkdir()
        for number in range(1, (ENROLLED + CRAFTING if index % 3 else 2) + 1):
            (folder / f"Person_{index}_{number:04d}.jpg").touch()
    found = split_a(tmp_path)
    strangers = {path.parent.name for path in found.strangers}
    assert found.people
    assert strangers
    assert not strangers & set(found.people)
    assert all(map(in_split_a, (*found.people, *strangers)))


def test_a_file_goes_on_where_it_ends(tmp_path: Path) -> None:
    file = tmp_path / "evidence.npz"
    row = families(4)["joint"][0]
    numbered = [(n, _scene(n, 20 if n % 2 else 30)) for n in range(4)]
    started = begun(file, "b" * 64, NAMES)
    assert sorted(n for c in chunks_of("joint", row, numbered, started) for n, _ in c) == [0, 1, 2, 3]
    for chunk in chunks_of("joint", row, numbered, started):
        assert len({scene.pixels.shape for _, scene in chunk}) == 1
    write_evidence(started.with_row(family_of("joint", row), 2, 0, dict.fromkeys(NAMES, 0.0)), file)
    left = chunks_of("joint", row, numbered, begun(file, "b" * 64, NAMES))
    assert sorted(n for c in left for n, _ in c) == [0, 1, 3]


def test_another_profiles_file_is_not_gone_on_with(tmp_path: Path) -> None:
    file = tmp_path / "evidence.npz"
    write_evidence(no_evidence("b" * 64, NAMES), file)
    with pytest.raises(UsageError, match="another"):
        begun(file, "c" * 64, NAMES)
    write_evidence(
        replace(no_evidence("b" * 64, NAMES), names=NAMES[:-1], values=np.zeros((0, len(NAMES) - 1))), file
    )
    with pytest.raises(UsageError, match="another"):
        begun(file, "b" * 64, NAMES)
