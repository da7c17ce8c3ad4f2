"""A campaign's pictures are judged anew, and only those of attackers who looked at no defense."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from edge.domain.errors import UsageError
from engines.progress import Silent
from redteam.campaign.plan import Attacker, Row
from redteam.campaign.records import CampaignFolder, Manifest, Record, read_records
from redteam.campaign.rejudge import rejudge
from redteam.judge import Judge, Judgement
from redteam.scene import Goal, Scene

JOINT = Row(attacker=Attacker.JOINT, attack="pgd-20", scenes=2, eps=4.0)
ADAPTIVE = replace(JOINT, attacker=Attacker.ADAPTIVE, draws=2)
MANIFEST = Manifest(suite="gate", seed=1, revision="a", profile_digest="p", precision="bf16", torch="2", cast="c")
NEW = replace(MANIFEST, profile_digest="q", revision="b")


class OneAnswer:
    """Denies every picture with the same reason, and notes which it was shown."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def look(self, picture: Path, scene: Scene, *, is_frozen: bool = False) -> Judgement:
        self.shown.append(picture.read_text())
        return Judgement(
            reason="adversarial_input",
            subject=None,
            tries=1,
            granted=0,
            scores={},
            likeness={},
            landmarks=None,
            findings=(),
        )


def scene(name: str) -> Scene:
    return cast("Scene", SimpleNamespace(scene_id=name))


def campaign(folder: Path, *rows: Row) -> Path:
    made = CampaignFolder(folder)
    made.begin(MANIFEST)
    for row in rows:
        for name in ("one", "two"):
            picture = folder / "pictures" / row.row_id / f"{name}.png"
            picture.parent.mkdir(parents=True, exist_ok=True)
            picture.write_text(f"{row.row_id} {name}")
            relative = str(picture.relative_to(folder))
            made.append([Record(row=row.row_id, scene=name, goal=row.goal, seconds=1, linf=4, picture=relative)])
    return folder


def again(source: Path, out: Path, judge: OneAnswer, names: tuple[str, ...] = ("one", "two")) -> Any:
    scenes = {Goal.IMPERSONATION: [scene(name) for name in names]}
    return rejudge(source, out, NEW, (JOINT, ADAPTIVE), scenes, cast("Judge", judge), Silent())


def test_pictures_of_attackers_who_are_blind_to_the_gate_are_shown_to_it(tmp_path: Path) -> None:
    source, judge = campaign(tmp_path / "old", JOINT, ADAPTIVE), OneAnswer()
    found = again(source, tmp_path / "new", judge)
    assert (found.judged, found.left_out, found.without_scene) == (2, 2, 0)
    assert judge.shown == [f"{JOINT.row_id} one", f"{JOINT.row_id} two"]
    records = list(read_records(tmp_path / "new"))
    assert {r.revision for r in records} == {"b"}
    assert all(r.judgement is not None and r.judgement["reason"] == "adversarial_input" for r in records)


def test_a_scene_that_the_gate_decides_otherwise_now_is_counted_and_left_out(tmp_path: Path) -> None:
    found = again(campaign(tmp_path / "old", JOINT), tmp_path / "new", OneAnswer(), names=("two",))
    assert (found.judged, found.without_scene) == (1, 1)


def test_what_was_judged_is_not_judged_twice(tmp_path: Path) -> None:
    source, judge = campaign(tmp_path / "old", JOINT), OneAnswer()
    again(source, tmp_path / "new", judge)
    again(source, tmp_path / "new", judge)
    assert len(judge.shown) == 2


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no record"):
        again(tmp_path, tmp_path / "new", OneAnswer())
