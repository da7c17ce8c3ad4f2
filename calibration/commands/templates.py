"""``edge-gate evaluate templates``."""

from pathlib import Path
from typing import Annotated

import typer

from calibration.commands.cache_option import CacheOption
from calibration.evaluation.matching import PointMatcher
from calibration.evaluation.visits import VisitFigures, Visitors, visit_record, visit_table
from calibration.pictures.cohort import Split, cohort_of, read_subjects
from calibration.pictures.embedding_cache import EmbeddingCache, default_folder
from calibration.pictures.faces import FaceReader
from calibration.statistics.intervals import require_exact_intervals
from calibration.statistics.score_set import read_people
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import print_json, print_table
from edge.commands.progress import rich_progress
from edge.daemon.assembly import read_profile
from edge.daemon.models import load_models
from edge.settings.load import load_settings


def templates(
    images: Annotated[Path, typer.Option(help="Folder of identities, NAME/NAME_0001.jpg.")],
    subjects: Annotated[Path, typer.Option(help="File with the names that are enrolled, one a line.")],
    split: Annotated[
        Split, typer.Option(help="b: people whom no threshold was fitted on; all: everybody in the folder.")
    ] = Split.B,
    cache: CacheOption = None,
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """TAR and FAR of visits of 1, 3 and 5 pictures to people enrolled with 1, 3 and 5. No defense is asked.

    Of a visit's 1, 3 or 5 pictures 1, 2 or 3 must match the same person at the profile's operating point. FAR counts
    every visit to every template of somebody else (impostor_visits). Intervals: bootstrap over people, never narrower
    than exact ones; where no impostor was accepted the interval's upper end is the bound.
    """
    require_exact_intervals()
    settings = load_settings(config, state_dir=state)
    cohort = cohort_of(images, read_subjects(subjects), split)
    progress = rich_progress()
    with load_models(settings.engine, progress=progress) as models:
        profile = read_profile(settings, models, environment="development")
        store = EmbeddingCache(cache or default_folder())
        reader = FaceReader(models, detector_threshold=profile.detector_threshold, cache=store)
        people = {**cohort.subjects, **cohort.others}
        readings = read_people(people, reader, progress, label="reading everybody's pictures")
    visitors = Visitors.of(readings, tuple(cohort.subjects))
    cells = list(visit_table(visitors, PointMatcher(profile.match)))
    if as_json:
        for cell in cells:
            print_json(visit_record(cell))
        return
    enrolled = int(visitors.enrolled.sum())
    title = f"{enrolled} of {len(readings.names)} people enrolled, split {split.value}; 95 % intervals"
    print_table(title, [_row(cell) for cell in cells])


def _row(cell: VisitFigures) -> dict[str, object]:
    return {
        "templates": cell.templates,
        "frames": f"{cell.needed} of {cell.frames}",
        "tar": str(cell.tar),
        "visits": cell.tar.trials,
        "far": str(cell.far),
        "impostor_visits": cell.far.trials,
    }
