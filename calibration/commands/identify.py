"""``edge-gate evaluate identify``."""

from pathlib import Path
from typing import Annotated

import typer

from calibration.evaluation.identify import WITHOUT_CERTIFICATE, Mode, Probing, deciders_of, evaluate_identify
from calibration.evaluation.identify_report import print_identification
from calibration.pictures.cohort import Cohort, Split, cohort_of, read_subjects
from calibration.pictures.enrolling import Enrolled, Office
from calibration.pictures.faces import FaceReader
from calibration.statistics.intervals import require_exact_intervals
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.progress import rich_progress
from edge.daemon.assembly import GateParts, read_profile
from edge.daemon.certificates_in_force import DEFAULT_CERTIFICATE, certificates_asked
from edge.daemon.models import load_models
from edge.domain.certificate import Certificate
from edge.domain.errors import UsageError
from edge.domain.profile import Profile
from edge.settings.load import load_settings
from edge.settings.tree import Settings


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
    certificate: Annotated[
        list[str] | None,
        typer.Option(
            help="full: certificates of the profile that the grants of one more row need, with commas between them; "
            "may be repeated. none: no such row. Default: those of the settings, or else tiered."
        ),
    ] = None,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enroll some people; ask with everybody's other pictures. TPIR and FPIR, each picture an attempt of its own.

    The whole gate prints two rows or more: without a certificate, and with some.
    """
    require_exact_intervals()
    settings = load_settings(config, state_dir=state)
    cohort = cohort_of(images, read_subjects(subjects), split, most_people=limit)
    progress = rich_progress()
    with load_models(settings.engine, progress=progress) as models:
        profile = read_profile(settings, models, environment="development")
        rows = _certificates(certificate, settings, profile) if mode is Mode.FULL else ()
        served = tuple(dict.fromkeys(one for row in rows for one in row))
        enrolled = Office.of(models, profile, served).enroll(cohort.subjects, templates, progress)
        _require_somebody(enrolled, cohort)
        probing = Probing.of(cohort, enrolled)
        reader = FaceReader(models, detector_threshold=profile.detector_threshold)
        found = reader.read_all(probing.pictures, progress, label="asking with every other picture")
        parts = GateParts(settings, profile, models, enrolled.gallery)
        deciders = deciders_of(mode, parts, [[c.name for c in row] for row in rows])
        measured = evaluate_identify(found, probing, enrolled, deciders, profile.match)
    print_identification(mode, split, measured, cohort.absent, as_json=as_json)


def _certificates(
    texts: list[str] | None, settings: Settings, profile: Profile
) -> tuple[tuple[Certificate, ...], ...]:
    """Return the certificates of each further row.

    Raises:
        ConfigError: the profile has none of a name.
    """
    default = settings.policy.certificate or (DEFAULT_CERTIFICATE,)
    if texts is None and default[0] not in {c.name for c in profile.certificates}:
        return ()
    sets = [tuple(filter(None, map(str.strip, text.split(",")))) for text in texts] if texts else [default]
    return tuple(
        certificates_asked(profile, settings.policy.model_copy(update={"certificate": names}))
        for names in sets
        if names and names != (WITHOUT_CERTIFICATE,)
    )


def _require_somebody(enrolled: Enrolled, cohort: Cohort) -> None:
    if len(enrolled.gallery):
        return
    name, why = next(iter(enrolled.not_enrolled.items()))
    raise UsageError(
        f"none of {len(cohort.subjects)} people can be enrolled; {name}, for one, {why}",
        hint="list people with more pictures, or enroll with fewer: --templates",
    )
