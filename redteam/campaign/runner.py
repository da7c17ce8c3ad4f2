"""Runs a suite: chooses scenes, gives chunks to processes, and writes every result down as it comes."""

import itertools
import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from engines.progress import Progress
from redteam.attacks.base import ROWS_AT_ONCE
from redteam.campaign.plan import Row
from redteam.campaign.records import CampaignFolder, Manifest, read_records
from redteam.campaign.worker import Chunk, Equipment, begin, run
from redteam.scene import Goal, Scene
from redteam.scenes import dodgings, impersonations
from redteam.theater import Theater

Scenes = Mapping[Goal, Sequence[Scene]]


def choose_scenes(rows: Sequence[Row], theater: Theater) -> Scenes:
    """Return as many scenes of each goal as the longest of the rows wants.

    Raises:
        UsageError: the cast does not give so many.
    """
    judge, cast, progress = theater.judge(), theater.cast, theater.progress
    wanted = {goal: max((r.scenes for r in rows if r.goal is goal), default=0) for goal in Goal}
    return {
        Goal.IMPERSONATION: impersonations(cast, judge, wanted[Goal.IMPERSONATION], progress),
        Goal.DODGING: dodgings(cast, judge, wanted[Goal.DODGING], progress),
    }


def run_campaign(
    rows: Sequence[Row],
    scenes: Scenes,
    manifest: Manifest,
    equipment: Equipment,
    progress: Progress,
    *,
    processes: int,
    is_across_revisions: bool = False,
) -> None:
    """Run what is not recorded yet.

    Args:
        rows: the suite.
        scenes: of every goal.
        manifest: what this campaign is.
        equipment: what every process is given; its folder is the campaign's.
        progress: shown while it runs, a unit an attacked scene.
        processes: how many; each holds the models and their twins.
        is_across_revisions: go on with what another revision of the source began.

    Raises:
        UsageError: the folder holds another campaign, or a row cannot be run.
        EdgeError: a picture cannot be written or an engine failed.
    """
    folder = CampaignFolder(equipment.folder)
    folder.begin(manifest, is_across_revisions=is_across_revisions)
    chunks = list(_chunks(rows, scenes, _done(equipment.folder)))
    total = sum(len(chunk.scenes) for chunk in chunks)
    context = multiprocessing.get_context("spawn")
    progress.start(f"{manifest.suite}: {total} attacks", total)
    try:
        if not chunks:
            return
        with context.Pool(min(processes, len(chunks)), begin, (_single_threaded(equipment),)) as pool:
            count = 0
            for records in pool.imap_unordered(run, chunks):
                folder.append([replace(record, revision=manifest.revision) for record in records])
                count += len(records)
                progress.advance(count)
    finally:
        progress.finish()


def _done(folder: Path) -> set[tuple[str, str]]:
    return {(record.row, record.scene) for record in read_records(folder)}


def _chunks(rows: Sequence[Row], scenes: Scenes, done: set[tuple[str, str]]) -> Iterator[Chunk]:
    """Yield the work that is left: a few scenes of one row and one frame size at a time."""
    for row in rows:
        left = [s for s in scenes[row.goal][: row.scenes] if (row.row_id, s.scene_id) not in done]
        by_size = sorted(left, key=lambda scene: scene.pixels.shape)
        for _, alike in itertools.groupby(by_size, key=lambda scene: scene.pixels.shape):
            members = list(alike)
            for start in range(0, len(members), ROWS_AT_ONCE):
                yield Chunk(row, members[start : start + ROWS_AT_ONCE])


def _single_threaded(equipment: Equipment) -> Equipment:
    """Return the equipment of one of several processes: each keeps to one core."""
    engine = equipment.settings.engine.model_copy(update={"threads": 1})
    return replace(equipment, settings=equipment.settings.model_copy(update={"engine": engine}))
