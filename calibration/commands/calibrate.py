"""``edge-gate calibrate``: fit a profile, look at it, measure it, vouch for it."""

from pathlib import Path
from typing import Annotated

import typer

from calibration.commands.cache_option import CacheOption, cache_in
from calibration.commands.detector_head import detector
from calibration.commands.masks import masks
from calibration.commands.profile_sheet import ProfileSheet, sheet_of
from calibration.commands.ranges import ranges
from calibration.commands.repeat import repeat
from calibration.commands.replay import replay
from calibration.commands.report import report
from calibration.fitting.attack_evidence import read_evidence
from calibration.fitting.fitted_profile import fit_profile
from calibration.fitting.operating_point import Goal
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import Printer, for_people, print_json
from edge.commands.progress import rich_progress
from edge.daemon.assembly import DEFAULT_PROFILE
from edge.daemon.models import load_models
from edge.domain.errors import UsageError
from edge.settings.load import load_settings
from edge.trust.development_key import development_signer
from edge.trust.keys import make_key, read_key
from edge.trust.profile_writing import sign_profile
from edge.trust.signing import Signer

_COLUMNS = {"threshold": 40, "value": 8, "value_95": 16, "far": 28, "frr": 28, "impostors": 9, "genuine": 7}

calibrate = typer.Typer(help="Fit, show, measure and sign the calibration profile.", no_args_is_help=True)

calibrate.command("report")(report)
calibrate.command("repeat")(repeat)

calibrate.command("masks")(masks)
calibrate.command("detector")(detector)
calibrate.command("replay")(replay)
calibrate.command("ranges")(ranges)


@calibrate.command("fit")
def fit(
    images: Annotated[Path, typer.Option(help="Folder of identities, NAME/NAME_0001.jpg.")],
    out: Annotated[Path, typer.Option(help="Folder to write the profile into; a profile in it is replaced.")],
    fpir: Annotated[
        float, typer.Option(min=1e-6, max=0.1, help="How often a stranger may be taken for anybody enrolled.")
    ] = 1e-3,
    max_gallery: Annotated[int, typer.Option(min=1, max=100_000, help="How many people may be enrolled.")] = 1000,
    cache: CacheOption = None,
    *,
    attacks: Annotated[
        Path | None,
        typer.Option(help="Evidence of attacks, written by the red team: fits the learned detector too."),
    ] = None,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit a profile on split A, measure it on split B, and write it unsigned: the daemon takes it once signed."""
    settings = load_settings(config, state_dir=state)
    progress = rich_progress()
    evidence = None if attacks is None else read_evidence(attacks)
    with load_models(settings.engine, progress=progress) as models:
        kept = cache_in(cache)
        fit_profile(images, models, out, Goal(fpir=fpir, most_people=max_gallery), kept, progress, evidence)
    _print(sheet_of(out, settings), as_json=as_json)


@calibrate.command("show")
def show(
    path: Annotated[Path, typer.Argument(help="Folder of the profile.")] = DEFAULT_PROFILE,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Verify a profile and show it with its figures; one that is not what it claims to be exits 4.

    Verified are its digest, its archive, its signature (against the settings' keys), its dates and the models that it
    was measured with. What was altered is not shown at all. One that nobody has signed yet, or the development key
    has, is shown as such.
    """
    sheet = sheet_of(path, load_settings(config, state_dir=state))
    _print(sheet, as_json=as_json)
    if sheet.problem is not None:
        raise sheet.problem


@calibrate.command("sign")
def sign(
    path: Annotated[Path, typer.Argument(help="Folder of the profile.")],
    key: Annotated[Path | None, typer.Option(help="File with the site's key: 32 raw bytes, mode 0600.")] = None,
    development: Annotated[
        bool, typer.Option("--development", help="Sign with the key that everybody has: production refuses it.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Write the signed profile to this folder. Default: PATH.")] = None,
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign a profile that you have looked at, in place of any signature that it has. No number is changed."""
    del state
    if (key is None) == (not development):
        raise UsageError("a profile is signed with one key", hint="give --key FILE, or --development to try it")
    signer = development_signer() if key is None else Signer(read_key(key))
    signed = sign_profile(path, signer, out)
    values = {
        "profile": str(out or path),
        "digest": signed.digest,
        "key_id": signer.key_id,
        "public_key": signer.public_key.hex(),
    }
    _print_values(values, as_json=as_json)


@calibrate.command("new-key")
def new_key(
    file: Annotated[Path, typer.Argument(help="New file of the key. Keep it off the gate.")],
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key to sign profiles with, and print its public key for trust.profile_keys of the gates."""
    del state
    signer = Signer(make_key(file))
    values = {"key": str(file), "key_id": signer.key_id, "public_key": signer.public_key.hex()}
    _print_values(values, as_json=as_json)


def _print(sheet: ProfileSheet, *, as_json: bool) -> None:
    if as_json:
        print_json(sheet.record)
        return
    _print_values(sheet.heading, as_json=False)
    printer = Printer(as_json=False, columns=_COLUMNS)
    for row in sheet.thresholds:
        printer.record(row)
    for key, value in sheet.remarks.items():
        print(f"{key:26} {for_people(value)}")


def _print_values(values: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        print_json(values)
        return
    for name, value in values.items():
        print(f"{name.replace('_', ' '):12} {for_people(value)}")
