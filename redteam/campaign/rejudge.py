"""Shows the saved pictures of a campaign to the gate as it is now: crafting is slow, judging is not.

That is fair to attackers who never looked at the gate's defenses: their pictures do not depend on them. Whoever
climbed the defenses, or asked the gate, has to attack the new one: their rows are left out.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edge.domain.errors import StoreError, UsageError
from engines.progress import Progress
from redteam.campaign.plan import Alignment, Attacker, Row
from redteam.campaign.records import CampaignFolder, Manifest, Record, judgement_values, read_records
from redteam.judge import Judge
from redteam.scene import Goal, Scene

BLIND = frozenset({Attacker.NOISE, Attacker.OBLIVIOUS, Attacker.TRANSFER, Attacker.JOINT})
"""Attackers whose pictures do not depend on the gate's defenses."""


@dataclass(frozen=True, slots=True)
class Rejudged:
    """What became of a campaign's records.

    Attributes:
        judged: how many were judged again.
        left_out: how many are of attackers who looked at the gate, or of searches for the smallest budget.
        without_scene: how many have a scene that the gate of today no longer decides rightly while it is clean.
    """

    judged: int
    left_out: int
    without_scene: int


def rejudge(
    source: Path,
    out: Path,
    manifest: Manifest,
    rows: Sequence[Row],
    scenes: Mapping[Goal, Sequence[Scene]],
    judge: Judge,
    progress: Progress,
) -> Rejudged:
    """Judge a campaign's pictures again and write the records into another folder; what is there already stays.

    Args:
        source: folder of the campaign.
        out: folder of the new one.
        manifest: of the new one.
        rows: the campaign's suite.
        scenes: scenes of either goal, as the gate of today would choose them.
        judge: the gate of today.
        progress: shown meanwhile, a unit a picture.

    Raises:
        UsageError: the folder holds no records, or ``out`` holds another campaign.
        StoreError: a picture cannot be copied.
        EdgeError: an engine failed.
    """
    every = list(read_records(source))
    if not every:
        raise UsageError(f"{source} holds no record", hint="run 'edge-gate redteam run --out FOLDER' first")
    by_id = {row.row_id: row for row in rows if row.attacker in BLIND and row.minimal_for is None}
    known = {scene.scene_id: scene for goal in scenes.values() for scene in goal}
    kept = [r for r in every if r.row in by_id and r.picture is not None]
    present = [r for r in kept if r.scene in known]
    folder = CampaignFolder(out)
    folder.begin(manifest, is_across_revisions=True)
    done = {(record.row, record.scene) for record in read_records(out)}
    progress.start("judging again", len(present))
    try:
        for count, record in enumerate(_left(present, done), start=1):
            scene = known[record.scene]
            folder.append([_again(record, by_id[record.row], scene, source, out, judge, manifest)])
            progress.advance(count)
    finally:
        progress.finish()
    return Rejudged(len(present), len(every) - len(kept), len(kept) - len(present))


def _left(records: Sequence[Record], done: set[tuple[str, str]]) -> Iterator[Record]:
    return (record for record in records if (record.row, record.scene) not in done)


def _again(
    record: Record, row: Row, scene: Scene, source: Path, out: Path, judge: Judge, manifest: Manifest
) -> Record:
    assert record.picture is not None  # noqa: S101  # the caller left out those without
    picture = out / record.picture
    try:
        picture.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / record.picture, picture)
    except OSError as error:
        raise StoreError(f"{picture} cannot be written: {error.strerror}", hint="free space") from error
    found = judge.look(picture, scene, is_frozen=row.alignment is Alignment.FROZEN)
    return replace(record, judgement=judgement_values(found), revision=manifest.revision)
