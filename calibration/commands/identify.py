"""``edge-gate evaluate identify``."""

from pathlib import Path
from typing import Annotated

import typer

from calibration.evaluation.identify import Mode, Probing, deciders_of, evaluate_identify
from calibration.evaluation.identify_report import print_identification
from calibration.pictures.cohort import Cohort, Split, cohort_of, read_subjects
from calibration.pictures.enrolling import Enrolled, Office
from calibration.pictures.faces import FaceReader
from calibration.statistics.intervals import require_exact_intervals
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.progress import rich_progress
from edge.daemon.assembly import GateParts, read_profile
from edge.daemon.models import load_models
from edge.domain.errors import UsageError
from edge.settings.load import load_settings


def identify(
    images: Annotated[Path, typer.Option(help="Folder of identities, NAME/NAME_0001.jpg.")],
    subjects: Annotated[Path, typer.Option(help="File with the names that are enrolled, one a line.")],
    mode: Annotated[
        Mode,
        typer.Option(
            help="bare: each model alone; fused: both, no defenses; full: every defense that needs one picture."
        ),
    ] = Mode.FUSED,
    templates: Annotated[int, typer.Option(min=1, help="Pictures that each person is enrolled with.")] = 5,
    split: Annotated[
        Split, typer.Option(help="b: people whom no threshold was fitted on; all: everybody in the folder.")
    ] = Split.B,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the first so many subjects, and so many other people.")
    ] = None,
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enroll some people; ask with everybody's other pictures. TPIR and FPIR, each picture an attempt of its own."""
    require_exact_intervals()
    settings = load_settings(config, state_dir=state)
    cohort = cohort_of(images, read_subjects(subjects), split, most_people=limit)
    progress = rich_progress()
    with load_models(settings.engine, progress=progress) as models:
        profile = read_profile(settings, models, environment="development")
        enrolled = Office.of(models, profile).enroll(cohort.subjects, templates, progress)
        _require_somebody(enrolled, cohort)
        probing = Probing.of(cohort, enrolled)
        reader = FaceReader(models, detector_threshold=profile.detector_threshold)
        found = reader.read_all(probing.pictures, progress, label="asking with every other picture")
        deciders = deciders_of(mode, GateParts(settings, profile, models, enrolled.gallery))
        measured = evaluate_identify(found, probing, enrolled, deciders, profile.match)
    print_identification(mode, split, measured, cohort.absent, as_json=as_json)


def _require_somebody(enrolled: Enrolled, cohort: Cohort) -> None:
    if len(enrolled.gallery):
        return
    name, why = next(iter(enrolled.not_enrolled.items()))
    raise UsageError(
        f"none of {len(cohort.subjects)} people can be enrolled; {name}, for one, {why}",
        hint="list people with more pictures, or enroll with fewer: --templates",
    )
