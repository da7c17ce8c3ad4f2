"""``training vet`` and ``training fit-screens``: what frozen models find odd in pictures."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import imagehash
import typer
from PIL import Image

from calibration.pictures.identities import split_a
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import Printer
from edge.commands.progress import rich_progress
from edge.daemon.assembly import read_profile
from edge.daemon.models import load_models
from edge.domain.clock import SystemClock
from edge.settings.load import load_settings
from edge.trust.canonical import tagged_sha256
from edge.trust.file_writing import replace_file
from edge.trust.keys import read_key
from edge.trust.signing import Signer
from training.commands.options import DatasetOption, KeyOption, written
from training.manifest.entries import MOST_PICTURES_AN_ENTRY, Vetted
from training.manifest.log import ManifestLog
from training.manifest.objects import PictureFiles
from training.manifest.standing import Dataset, Standing, Status
from training.roles.role import Action
from training.vetting.likeness import LEAST_OTHERS, Case
from training.vetting.limits import ScreenLimits, fit_limits, shipped_limits
from training.vetting.look import LookTable, Shown
from training.vetting.looker import BATCHES, Looker
from training.vetting.population import balance, shifts
from training.vetting.run import KeptLooks, Vetting, judged, look_at, new_table
from training.vetting.screens.every import every_hint, every_screen

_OPEN = (Status.NEW, Status.VETTED, Status.QUARANTINED)
_HINT_SHARE = 0.005  # of honest pictures that each single hint points at


def vet(
    dataset: DatasetOption,
    key: KeyOption,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Screen every picture that nobody has decided on; what is found goes into quarantine, never away."""
    stands = ManifestLog(dataset).read()
    author = stands.roster.holder_of(Signer(read_key(key)).public_key)
    stands.roster.require(author.name, Action.VET)
    open_ = [picture for status in _OPEN for picture in stands.standing(status)]
    settings = load_settings(config, state_dir=state)
    limits = shipped_limits()
    with load_models(settings.engine, batches=BATCHES, progress=rich_progress()) as models, new_table() as table:
        profile = read_profile(settings, models, environment="development")
        looks = KeptLooks(Looker(models, profile, SystemClock()), dataset / "looks")
        unfit = look_at(_shown(stands, PictureFiles(dataset), open_), looks, table, rich_progress())
        looks.note_recipe()
        found = judged(table, unfit, limits)
        whole = _population(table) if len(table) else {}
        recipe = tagged_sha256("egate-vetting-v1", bytes.fromhex(looks.recipe), bytes.fromhex(limits.digest)).hex()
    _write(dataset, key, open_, found, recipe)
    _report(open_, found, whole, as_json=as_json)


def fit_screens(
    images: Annotated[Path, typer.Option(help="Folder of identities, NAME/NAME_0001.jpg, all labeled right.")],
    out: Annotated[Path, typer.Option(help="File of limits to write.")],
    looks: Annotated[Path, typer.Option(help="Folder where looks are kept, so that a second run costs nothing.")],
    aimed: Annotated[float, typer.Option(help="Share of honest pictures that may be found.")] = 0.005,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn the limits of all screens from the people of split A of whom there are enough pictures to compare."""
    settings = load_settings(config, state_dir=state)
    with load_models(settings.engine, batches=BATCHES, progress=rich_progress()) as models, new_table() as table:
        profile = read_profile(settings, models, environment="development")
        kept = KeptLooks(Looker(models, profile, SystemClock()), looks)
        look_at(_named_pictures(images), kept, table, rich_progress())
        limits, share = _fitted(table, aimed)
    replace_file(out, limits.text.encode())
    printer = Printer(as_json=as_json, columns={"screen": 36, "limit": 10})
    for name, limit in {**limits.quarantine, **limits.hint}.items():
        printer.record({"screen": name, "limit": limit, "quarantines": name in limits.quarantine})
    printer.summary({"pictures": limits.pictures, "found": share, "aimed": aimed})


def _fitted(table: LookTable, aimed: float) -> tuple[ScreenLimits, float]:
    case = Case(table)
    deciding = fit_limits({screen.name: screen.judge(case).scores for screen in every_screen(table.models)}, aimed)
    hints = {
        hint.name: fit_limits({hint.name: hint.judge(case).scores}, _HINT_SHARE).limits[hint.name]
        for hint in every_hint(table.models)
    }
    limits = ScreenLimits(false_alarms_aimed=aimed, pictures=len(table), quarantine=dict(deciding.limits), hint=hints)
    return limits, deciding.found


def _named_pictures(images: Path) -> list[tuple[Shown, Path]]:
    pictures = []
    for name, paths in split_a(images).items():
        for path in paths if len(paths) > LEAST_OTHERS else ():
            sha256 = tagged_sha256("egate-file", path.read_bytes()).hex()
            pictures.append((Shown(sha256, name, "split A", str(imagehash.phash(Image.open(path))), False), path))
    return pictures


def _shown(stands: Dataset, files: PictureFiles, open_: list[Standing]) -> list[tuple[Shown, Path]]:
    every = [(picture, True) for picture in stands.standing(Status.TRUSTED)] + [(picture, False) for picture in open_]
    return [
        (
            Shown(p.facts.sha256, p.facts.subject, p.contributor, p.facts.perceptual, is_trusted),
            files.proven(p.facts.sha256),
        )
        for p, is_trusted in every
    ]


def _write(dataset: Path, key: Path, open_: list[Standing], found: Vetting, recipe: str) -> None:
    names = [picture.facts.sha256 for picture in open_]
    for start in range(0, len(names), MOST_PICTURES_AN_ENTRY):
        some = tuple(names[start : start + MOST_PICTURES_AN_ENTRY])
        findings = tuple(finding for sha256 in some for finding in found.quarantining(sha256))
        written(dataset, key, Vetted(recipe=recipe, pictures=some, findings=findings))


def _population(table: LookTable) -> dict[str, object]:
    spread = balance([shown for shown in table.shown if not shown.is_trusted] or table.shown)
    told = {shift.what: {"statistic": shift.statistic, "p_value": shift.p_value} for shift in shifts(Case(table))}
    return {**asdict(spread), "shifts": told}


def _report(open_: list[Standing], found: Vetting, whole: Mapping[str, object], *, as_json: bool) -> None:
    printer = Printer(as_json=as_json, columns={"sha256": 16, "subject": 24, "screen": 24, "reason": 70})
    quarantined = 0
    for picture in open_:
        sha256 = picture.facts.sha256
        held = found.quarantining(sha256)
        quarantined += bool(held)
        for finding in found.findings.get(sha256, ()) if held else ():
            printer.record(
                {
                    "sha256": sha256 if as_json else sha256[:16],
                    "subject": picture.facts.subject,
                    "screen": finding.screen,
                    "score": finding.score,
                    "reason": finding.reason,
                    "quarantines": finding.screen not in found.hints,
                }
            )
    printer.summary({"pictures": len(open_), "quarantined": quarantined, **whole})
