"""``edge-gate redteam``: attacks on the gate, from a source checkout with ``make redteam-setup``."""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calibration.fitting.attack_evidence import basis_of
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import Printer, print_json
from edge.commands.progress import rich_progress
from edge.daemon.assembly import profile_folder, read_profile
from edge.daemon.models import SECOND, load_models
from edge.domain.errors import UsageError
from edge.settings.load import load_settings
from edge.trust.profile import read_profile_file
from redteam.cast import split_a, split_b
from redteam.enrollment.command import enrollment
from redteam.poison.commands import poison, scan_weights
from redteam.report.honesty import refuse_dishonest
from redteam.theater import open_theater
from redteam.torch_needed import torch_needed

if TYPE_CHECKING:
    from redteam.report.report import Report

_ORACLE_COLUMNS = {"attack": 8, "eps": 4, "n": 4, "ours_mean_cosine": 16, "art_mean_cosine": 16} | {
    "ours_success": 12,
    "art_success": 12,
}

app = typer.Typer(help="Attacks on the gate.", no_args_is_help=True)
app.command("enrollment")(enrollment)
app.command("poison")(poison)
app.command("scan-weights")(scan_weights)

_OUT = Path("redteam-out")
_COLUMNS = {"attacker": 12, "attack": 16, "goal": 14, "eps": 4, "patch": 20, "target": 8, "point": 7, "n": 4} | {
    "success": 8,
    "rate": 7,
    "rate_at_lockout": 15,
}


@app.command("run")
def run(
    suite: Annotated[
        str, typer.Option(help="smoke, nightly, full, gate, gate-adaptive, gate-asked, patch or blackbox.")
    ] = "smoke",
    images: Annotated[
        Path | None, typer.Option(help="Folder of identities, NAME/NAME_0001.jpg. Default: two portraits.")
    ] = None,
    subjects: Annotated[
        Path | None, typer.Option(help="File with the names that may be enrolled, one a line.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of the campaign; a started one is resumed.")] = _OUT,
    processes: Annotated[int, typer.Option(min=1, help="How many at once; each needs 2 GB of memory.")] = (
        os.cpu_count() or 1
    ),
    seed: Annotated[int, typer.Option(min=0, help="Of every attack.")] = 1,
    is_across_revisions: Annotated[
        bool,
        typer.Option("--across-revisions", help="Go on with a campaign that other source began; the report tells."),
    ] = False,
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Attack the gate as it is and print a row a target; success is judged by the gate on the saved picture."""
    if (images is None) != (subjects is None):
        raise UsageError("--images and --subjects belong together", hint="give both, or neither for two portraits")
    with torch_needed():
        from redteam.campaign.provenance import source_revision, torch_version
        from redteam.campaign.records import PORTRAITS_FOLDER, Manifest
        from redteam.campaign.runner import choose_scenes, run_campaign
        from redteam.campaign.suites import suite_named
        from redteam.campaign.worker import Equipment
        from redteam.portraits import portrait_pictures
        from redteam.report.publish import publish
    rows = suite_named(suite)
    settings, progress = load_settings(config, state_dir=state), rich_progress()
    pictures = split_b(images, _names(subjects)) if images and subjects else portrait_pictures(out / PORTRAITS_FOLDER)
    with open_theater(settings, pictures, progress) as theater:
        scenes = choose_scenes(rows, theater)
        manifest = Manifest(
            suite=suite,
            seed=seed,
            revision=source_revision(),
            profile_digest=theater.profile.digest,
            precision=theater.models.precision.value,
            torch=torch_version(),
            cast=f"{len(theater.cast.victims)} enrolled; {pictures.words}",
            certificates=theater.certificates,
        )
    equipment = Equipment(settings, theater.profile, theater.cast.gallery, out, seed)
    run_campaign(
        rows, scenes, manifest, equipment, progress, processes=processes, is_across_revisions=is_across_revisions
    )
    made = publish(out, settings, images)
    _show(made, out, as_json=as_json)
    refuse_dishonest(made.checks)


@app.command("report")
def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a campaign.")] = _OUT,
    markdown: Annotated[
        Path | None, typer.Option(help="Write the tables there too, such as docs/reference/robustness.md.")
    ] = None,
    reached: Annotated[
        Path | None, typer.Option(help="Write the alignments that patches reached there too, a JSON object a line.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="The campaign's folder of identities, for the clean pictures of the report.")
    ] = None,
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the rows of a campaign and write its report.html, with pictures and curves, into its folder."""
    with torch_needed():
        from redteam.report.markdown import write_markdown
        from redteam.report.publish import publish
    made = publish(folder, load_settings(config, state_dir=state), images)
    _show(made, folder, as_json=as_json)
    if markdown is not None:
        write_markdown(made, markdown)
    if reached is not None:
        _write_alignments(made, reached)
    refuse_dishonest(made.checks)


@app.command("rejudge")
def rejudge(
    folder: Annotated[Path, typer.Argument(help="Folder of a campaign.")],
    images: Annotated[Path, typer.Option(help="The campaign's folder of identities.")],
    subjects: Annotated[Path, typer.Option(help="The campaign's file of names that may be enrolled.")],
    out: Annotated[Path, typer.Option(help="Folder of the campaign as judged now; a started one is resumed.")],
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a campaign's pictures to the gate as it is now: of attackers who looked at no defense, and no others."""
    with torch_needed():
        from redteam.campaign.provenance import source_revision
        from redteam.campaign.records import read_manifest
        from redteam.campaign.rejudge import rejudge as judge_again
        from redteam.campaign.runner import choose_scenes
        from redteam.campaign.suites import suite_named
        from redteam.report.publish import publish
    before = read_manifest(folder)
    rows = suite_named(before.suite)
    settings, progress = load_settings(config, state_dir=state), rich_progress()
    with open_theater(settings, split_b(images, _names(subjects)), progress) as theater:
        manifest = replace(
            before,
            revision=source_revision(),
            profile_digest=theater.profile.digest,
            precision=theater.models.precision.value,
            cast=f"{before.cast}; crafted by {before.revision[:12]}",
            certificates=theater.certificates,
        )
        scenes = choose_scenes(rows, theater)
        found = judge_again(folder, out, manifest, rows, scenes, theater.judge(), progress)
    print(
        f"{found.judged} pictures judged; left out {found.left_out} of attackers who know the gate, and"
        f" {found.without_scene} whose clean scene is decided otherwise now",
        file=sys.stderr,
    )
    made = publish(out, settings, images)
    _show(made, out, as_json=as_json)
    refuse_dishonest(made.checks)


@app.command("dictionary")
def dictionary(
    images: Annotated[Path, typer.Option(help="Folder of identities, NAME/NAME_0001.jpg.")],
    subjects: Annotated[Path, typer.Option(help="File with the names that may be enrolled, one a line.")],
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Choose five faces of split A that resemble most people, and show them to people of split B."""
    with torch_needed():
        from redteam.blackbox.dictionary_rows import dictionary_rows
    settings, pictures = load_settings(config, state_dir=state), split_b(images, _names(subjects))
    printer = Printer(as_json=as_json, columns=_COLUMNS)
    with open_theater(settings, pictures, rich_progress()) as theater:
        for values in dictionary_rows(images, theater):
            printer.record(values)


@app.command("oracle")
def oracle(
    images: Annotated[Path, typer.Option(help="Folder of identities, NAME/NAME_0001.jpg.")],
    subjects: Annotated[Path, typer.Option(help="File with the names that may be enrolled, one a line.")],
    scenes: Annotated[int, typer.Option(min=1, help="How many scenes.")] = 12,
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run our attacks and another library's on the same models, with equal budgets: ours may not reach less."""
    with torch_needed():
        from redteam.campaign.arsenal import Twins
        from redteam.oracle.comparison import Bench, compare
        from redteam.scenes import impersonations
    settings, pictures = load_settings(config, state_dir=state), split_b(images, _names(subjects))
    printer = Printer(as_json=as_json, columns=_ORACLE_COLUMNS)
    with open_theater(settings, pictures, rich_progress(), most_victims=scenes) as theater:
        judge = theater.judge()
        chosen = [s.knowing_templates() for s in impersonations(theater.cast, judge, scenes, theater.progress)]
        for values in compare(Bench(chosen, Twins.load(settings.engine, theater.profile), judge)):
            printer.record(values)


@app.command("evidence")
def evidence(
    images: Annotated[Path, typer.Option(help="Folder of identities, NAME/NAME_0001.jpg.")],
    out: Annotated[Path, typer.Option(help="File to write, .npz; a started one is gone on with.")],
    scenes: Annotated[int, typer.Option(min=1, help="How many scenes of each attack.")] = 12,
    family: Annotated[list[str] | None, typer.Option(help="Only this family of attacks; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of every attack.")] = 1,
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Attack people of split A and keep what the gate measured, for a head that learns: no picture, no embedding."""
    with torch_needed():
        from redteam.evidence.make import make_evidence
    settings = load_settings(config, state_dir=state)
    basis_data = read_profile_file(profile_folder(settings)).data_digest
    with open_theater(settings, split_a(images), rich_progress()) as theater:
        basis = basis_of(basis_data, theater.models.bindings)
        made = make_evidence(theater, out, basis=basis, scenes=scenes, only=family or (), seed=seed)
    rows = {name: made.families.count(name) for name in dict.fromkeys(made.families)}
    printer = Printer(as_json=as_json, columns={"attack": 32, "pictures": 8})
    for name, count in rows.items():
        printer.record({"attack": name, "pictures": count})


@app.command("demo-picture")
def demo_picture(
    stranger: Annotated[Path, typer.Option(help="Portrait of the attacker.")],
    victim: Annotated[Path, typer.Option(help="Portrait of the enrolled person.")],
    out: Annotated[Path, typer.Option(help="PNG to write.")],
    eps: Annotated[float, typer.Option(min=1, max=64, help="Budget in gray levels of 255.")] = 8.0,
    steps: Annotated[int, typer.Option(min=1, max=1000, help="Gradient steps.")] = 40,
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the demo's adversarial picture against the bare FaceNet, and judge the saved picture."""
    with torch_needed():
        from redteam.campaign.arsenal import Twins
        from redteam.demo_picture import Easel
    settings = load_settings(config, state_dir=state)
    with load_models(settings.engine, progress=rich_progress()) as models:
        profile = read_profile(settings, models, environment="development")
        easel = Easel(models, Twins.load(settings.engine, profile))
        clean, attacked = easel.paint(stranger, victim, out, eps=eps, steps=steps)
    threshold = profile.match.alone[SECOND]
    values = {
        "eps": eps,
        "steps": steps,
        "clean_cosine": clean,
        "adversarial_cosine": attacked,
        "alone_threshold": threshold,
        "accepted": attacked >= threshold,
    }
    if as_json:
        print_json(values)
    else:
        for key, value in values.items():
            print(f"{key:20} {value}")
    if attacked < threshold:
        raise typer.Exit(1)


def _show(made: "Report", folder: Path, *, as_json: bool) -> None:
    """Print a campaign's rows, and with JSON everything else that its report knows."""
    printer = Printer(as_json=as_json, columns=_COLUMNS)
    for values in (*made.row_values(), *made.minimal_values(), *made.movement_values(), *made.check_values()):
        if as_json:
            print_json(values)
        elif "rate" in values:
            printer.record(values)
    print(f"report: {folder / 'report.html'}", file=sys.stderr)


def _write_alignments(made: "Report", file: Path) -> None:
    from redteam.patches.reached import write_reached

    if not made.movements:
        raise UsageError("no patch was worn in this campaign", hint="give the folder of one with --suite patch")
    write_reached(made.reached(), file)


def _names(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}", hint="give a text file, one name a line") from error
