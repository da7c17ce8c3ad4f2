"""``redteam enrollment``: attacks on ``people enroll``."""

from pathlib import Path
from typing import Annotated

import typer

from calibration.pictures.cohort import read_subjects
from calibration.pictures.identities import pictures_of
from calibration.pictures.pairs import in_split_a
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import Printer
from edge.commands.progress import rich_progress
from edge.daemon.assembly import read_profile
from edge.daemon.models import load_models
from edge.domain.clock import SystemClock
from edge.settings.load import load_settings

_COLUMNS = {"attack": 16, "partner": 12, "pictures": 8, "poisoned": 8, "refused": 7, "refused_of": 10} | {
    "refused_rate": 12,
    "people_refused": 14,
    "opens": 6,
    "opens_of": 8,
    "opens_rate": 10,
    "opens_by_nearest_rate": 21,
    "own_opens_rate": 14,
}


def enrollment(
    images: Annotated[Path, typer.Option(help="Folder of identities, NAME/NAME_0001.jpg.")],
    subjects: Annotated[Path, typer.Option(help="File with the names that are enrolled, one a line.")],
    most_people: Annotated[int, typer.Option(min=3, help="Only the first so many.")] = 30,
    seed: Annotated[int, typer.Option(min=0, help="Of who attacks whom.")] = 1,
    only: Annotated[str | None, typer.Option(help="Run only the attacks whose name begins so.")] = None,
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enroll people of split B honestly and under attack: what the guard refuses, and what opens if nobody looks."""
    from redteam.enrollment.attacks import ROWS
    from redteam.enrollment.campaign import run_enrollment
    from redteam.enrollment.registry import PROBES_EACH, Registry
    from training.vetting.enrollment import PICTURES_EACH, Studio

    settings, known = load_settings(config, state_dir=state), set(read_subjects(subjects))
    needed = PICTURES_EACH + PROBES_EACH
    listed = {
        name: paths
        for name, paths in pictures_of(images).items()
        if name in known and not in_split_a(name) and len(paths) >= needed
    }
    printer = Printer(as_json=as_json, columns=_COLUMNS)
    with load_models(settings.engine, progress=rich_progress()) as models:
        profile = read_profile(settings, models, environment="development")
        studio = Studio(models, profile, SystemClock())
        seen = studio.seen(dict(list(listed.items())[: most_people + 1]), needed, rich_progress())
        registry = Registry.of(studio, models, profile, seen)
        for record in run_enrollment([row for row in ROWS if row.name.startswith(only or "")], registry, seed):
            printer.record(record)
