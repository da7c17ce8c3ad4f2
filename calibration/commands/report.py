"""``edge-gate calibrate report``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from calibration.commands.cache_option import CacheOption, cache_in
from calibration.commands.profile_sheet import sheet_of
from calibration.pictures.faces import FaceReader
from calibration.pictures.identities import split_b
from calibration.report.build import Report, build_report, read_split_b
from calibration.report.html import write_html
from calibration.statistics.intervals import require_exact_intervals
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import print_json, print_table
from edge.commands.progress import rich_progress
from edge.daemon.assembly import DEFAULT_PROFILE, refuse_other_models
from edge.daemon.models import load_models
from edge.domain.errors import UsageError
from edge.settings.load import load_settings
from edge.trust.profile import load_profile, read_profile_file


def report(
    images: Annotated[Path, typer.Option(help="Folder of identities; only split B of it is read.")],
    out: Annotated[Path, typer.Option(help="File of the page, FILE.html.")],
    path: Annotated[Path, typer.Argument(metavar="[PROFILE]", help="Folder of the profile.")] = DEFAULT_PROFILE,
    defended: Annotated[
        int | None,
        typer.Option(min=0, help="Only the first so many people's attempts meet the defenses, the slow part."),
    ] = None,
    cache: CacheOption = None,
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a profile on split B, and write all of it as one HTML page that needs nothing else."""
    require_exact_intervals()
    _require_place(out)
    settings = load_settings(config, state_dir=state)
    sheet = sheet_of(path, settings)
    profile = load_profile(path, environment="development", trusted_keys=settings.trust.public_keys)
    file = read_profile_file(path)
    people = split_b(images)
    progress = rich_progress()
    with load_models(settings.engine, progress=progress) as models:
        refuse_other_models(profile, models)
        store = cache_in(cache)
        reader = FaceReader(models, detector_threshold=profile.detector_threshold, cache=store)
        read = read_split_b(people, reader, profile, progress, defended=defended)
    heading = {**sheet.heading, "profile": file.name, "data_digest": file.data_digest}
    measured = build_report(heading, read, profile, file)
    write_html(measured, str(sheet.problem) if sheet.problem else None, out)
    _print(measured, out, as_json=as_json)


def _require_place(out: Path) -> None:
    """Return if a page can be written there; to be asked before minutes of work that end in one."""
    if out.is_dir() or out.suffix.lower() not in {".html", ".htm"}:
        raise UsageError(f"{out} is no name of a page", hint="give the page's file: --out report.html")
    if not out.parent.is_dir():
        raise UsageError(f"{out.parent} is not a folder", hint="make it, or write the page elsewhere")


def _print(measured: Report, out: Path, *, as_json: bool) -> None:
    if as_json:
        for record in measured.records():
            print_json(record)
        return
    points: list[Mapping[str, Any]] = [
        {"point": p.name, "threshold": p.threshold, "target": p.target, "far": str(p.far), "frr": str(p.frr)}
        for p in measured.points
    ]
    print_table(f"{measured.data['impostors']} impostor comparisons, {measured.data['genuine']} genuine", points)
    visits: list[Mapping[str, Any]] = [
        {"templates": c.templates, "frames": f"{c.needed} of {c.frames}", "tar": str(c.tar), "far": str(c.far)}
        for c in measured.visits
    ]
    print_table(f"visits, {measured.data['enrolled_for_visits']} people enrolled", visits)
    checks: list[Mapping[str, Any]] = [
        {"check": c.name, "threshold": c.threshold, "refused": str(c.refused)} for c in measured.checks
    ]
    print_table(f"{measured.data['attempts_at_defenses']} genuine attempts at the defenses", checks)
    print(f"page {out}")
