"""``edge-gate redteam poison`` and ``scan-weights``: attacks on what models learn from, and triggers in models."""

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
from edge.daemon.models import RECOGNIZERS, load_models, model_store
from edge.domain.clock import SystemClock
from edge.settings.load import load_settings
from edge.vision.detect import FaceDetector
from redteam.torch_needed import torch_needed

_OUT = Path("redteam-out/poison")
_COLUMNS = {
    "attack": 24,
    "share": 6,
    "eps": 4,
    "trusted_each": 12,
    "poisoned": 8,
    "found": 6,
    "rate": 7,
    "false_alarms": 12,
} | {
    "honest": 7,
    "accuracy_before": 15,
    "accuracy_after": 14,
    "opens_before": 12,
    "opens_after": 11,
}


def poison(
    images: Annotated[Path, typer.Option(help="Folder of identities, NAME/NAME_0001.jpg.")],
    subjects: Annotated[Path, typer.Option(help="File with the names whose pictures are the data, one a line.")],
    out: Annotated[Path, typer.Option(help="Folder for poisoned pictures and for what the models saw.")] = _OUT,
    seed: Annotated[int, typer.Option(min=0, help="Of victims, attackers and pictures.")] = 1,
    only: Annotated[str | None, typer.Option(help="Run only the rows whose name begins so.")] = None,
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Poison the pictures of split B, show them to the screens of ``training vet``, and learn before and after."""
    from redteam.poison.campaign import Laboratory, run_poison
    from redteam.poison.pictures import honest_pictures
    from redteam.poison.plan import rows_named
    from training.vetting.limits import shipped_limits
    from training.vetting.looker import BATCHES, Looker
    from training.vetting.run import KeptLooks

    rows = rows_named(only or "")
    known, progress = set(read_subjects(subjects)), rich_progress()
    settings = load_settings(config, state_dir=state)
    printer = Printer(as_json=as_json, columns=_COLUMNS)
    with torch_needed(), load_models(settings.engine, batches=BATCHES, progress=progress) as models:
        from redteam.twins.picture import PictureTwin

        profile = read_profile(settings, models, environment="development")
        detector = FaceDetector(models.detector, threshold=profile.detector_threshold)
        people = {
            name: paths for name, paths in pictures_of(images).items() if name in known and not in_split_a(name)
        }
        laboratory = Laboratory(
            pictures=honest_pictures(people, detector, SystemClock()),
            looks=KeptLooks(Looker(models, profile, SystemClock()), out / "looks"),
            limits=shipped_limits(),
            twin=lambda: PictureTwin.load(RECOGNIZERS, model_store(settings.engine), is_bf16=True),
            folder=out / "pictures",
            seed=seed,
            progress=progress,
        )
        for record in run_poison(rows, laboratory):
            printer.record(record)


def scan_weights(
    images: Annotated[Path, typer.Option(help="Folder of identities, NAME/NAME_0001.jpg.")],
    people: Annotated[
        int, typer.Option(min=4, help="How many people make each patch, and on how many it is tried.")
    ] = 12,
    steps: Annotated[int, typer.Option(min=1, help="Of each search.")] = 30,
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Seek a small patch that makes different people alike to each published model: a planted trigger would show."""
    settings = load_settings(config, state_dir=state)
    columns = {"model": 20, "place": 10, "before": 8, "after": 8, "reach": 8, "people": 7}
    printer = Printer(as_json=as_json, columns=columns)
    with torch_needed(), load_models(settings.engine, progress=rich_progress()) as models:
        from redteam.poison.scan_weights import scan_every_model

        profile = read_profile(settings, models, environment="development")
        for row in scan_every_model(models, profile, settings.engine, images, people=people, steps=steps):
            printer.record(row)
