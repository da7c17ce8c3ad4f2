"""``training fit-enrollment``: how suspect a picture may be that somebody is enrolled with."""

from pathlib import Path
from typing import Annotated

import typer

from calibration.pictures.identities import split_a
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import Printer
from edge.commands.progress import rich_progress
from edge.daemon.assembly import read_profile
from edge.daemon.models import load_models
from edge.domain.clock import SystemClock
from edge.settings.load import load_settings
from edge.trust.file_writing import replace_file
from training.vetting.enrollment import PICTURES_EACH, Studio, fit_guard


def fit_enrollment(
    images: Annotated[Path, typer.Option(help="Folder of identities, NAME/NAME_0001.jpg, all labeled right.")],
    out: Annotated[Path, typer.Option(help="File of limits to write, such as edge/pipeline/guard/limits.toml.")],
    aimed: Annotated[
        float, typer.Option(min=0.0001, max=0.5, help="Share of honest pictures that may be held.")
    ] = 0.015,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn the limits of the enrollment guard from the people of split A who have five pictures or more."""
    settings = load_settings(config, state_dir=state)
    people = {name: paths for name, paths in split_a(images).items() if len(paths) >= PICTURES_EACH}
    with load_models(settings.engine, progress=rich_progress()) as models:
        profile = read_profile(settings, models, environment="development")
        seen = Studio(models, profile, SystemClock()).seen(people, PICTURES_EACH, rich_progress())
        whole = {name: [p.look for p in taken] for name, taken in seen.items() if len(taken) == PICTURES_EACH}
        fitted = fit_guard(whole, models, profile.match, aimed)
    replace_file(out, fitted.limits.text.encode())
    printer = Printer(as_json=as_json, columns={"screen": 28, "limit": 10})
    for name, limit in fitted.limits.limits.items():
        printer.record({"screen": name, "limit": limit})
    printer.summary({"people": len(whole), "pictures": fitted.limits.pictures, "found": fitted.found, "aimed": aimed})
