"""``edge-gate redteam``: attacks on the gate, from a source checkout with ``make redteam-setup``."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import Printer, print_json
from edge.commands.progress import rich_progress
from edge.daemon.assembly import DEFAULT_PROFILE, GateParts, read_profile
from edge.daemon.models import SECOND, load_models
from edge.domain.errors import EdgeError, UsageError
from edge.settings.load import load_settings
from edge.settings.tree import Settings
from edge.trust.profile import read_profile_file
from redteam.success import Point

_ORACLE_COLUMNS = {"attack": 8, "eps": 4, "n": 4, "ours_mean_cosine": 16, "art_mean_cosine": 16} | {
    "ours_success": 12,
    "art_success": 12,
}

app = typer.Typer(help="Attacks on the gate.", no_args_is_help=True)

_OUT = Path("redteam-out")
_COLUMNS = {"attacker": 10, "attack": 16, "goal": 14, "eps": 4, "patch": 20, "target": 8, "point": 7, "n": 4} | {
    "success": 8,
    "rate": 7,
    "rate_at_lockout": 15,
}
_VICTIMS = 40


@app.command("run")
def run(
    suite: Annotated[str, typer.Option(help="smoke, nightly, full, patch or blackbox.")] = "smoke",
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
    with _torch_needed():
        from redteam.campaign.records import PORTRAITS_FOLDER, Manifest
        from redteam.campaign.runner import choose_scenes, run_campaign
        from redteam.campaign.suites import suite_named
        from redteam.campaign.worker import Equipment
        from redteam.cast import cast_of, split_b
        from redteam.portraits import portrait_pictures
    rows = suite_named(suite)
    settings, progress = load_settings(config, state_dir=state), rich_progress()
    pictures = split_b(images, _names(subjects)) if images and subjects else portrait_pictures(out / PORTRAITS_FOLDER)
    with load_models(settings.engine, progress=progress) as models:
        profile = read_profile(settings, models, environment="development")
        cast = cast_of(pictures, models, profile, progress, most_victims=_VICTIMS)
        scenes = choose_scenes(rows, cast, settings, profile, models, progress)
        manifest = Manifest(
            suite=suite,
            seed=seed,
            revision=_revision(),
            profile_digest=profile.digest,
            precision=models.precision.value,
            torch=_torch_version(),
            cast=f"{len(cast.victims)} enrolled; {pictures.words}",
        )
    equipment = Equipment(settings, profile, cast.gallery, out, seed)
    run_campaign(
        rows, scenes, manifest, equipment, progress, processes=processes, is_across_revisions=is_across_revisions
    )
    _, failed = _write_report(out, settings, images, as_json=as_json)
    _refuse_dishonest(failed)


@app.command("report")
def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a campaign.")] = _OUT,
    markdown: Annotated[
        Path | None, typer.Option(help="Write the tables there too, such as docs/reference/robustness.md.")
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
    settings = load_settings(config, state_dir=state)
    text, failed = _write_report(folder, settings, images, as_json=as_json)
    if markdown is not None:
        try:
            markdown.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{markdown} cannot be written: {error}", hint="name another file") from error
    _refuse_dishonest(failed)


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
    with _torch_needed():
        from redteam.blackbox.dictionary_rows import dictionary_rows
        from redteam.cast import cast_of, split_b
    settings, progress = load_settings(config, state_dir=state), rich_progress()
    printer = Printer(as_json=as_json, columns=_COLUMNS)
    with load_models(settings.engine, progress=progress) as models:
        profile = read_profile(settings, models, environment="development")
        cast = cast_of(split_b(images, _names(subjects)), models, profile, progress, most_victims=_VICTIMS)
        for values in dictionary_rows(images, cast, settings, profile, models, progress):
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
    with _torch_needed():
        from redteam.campaign.arsenal import Twins
        from redteam.cast import cast_of, split_b
        from redteam.judge import Judge
        from redteam.oracle.comparison import Bench, compare
        from redteam.scenes import impersonations
    settings, progress = load_settings(config, state_dir=state), rich_progress()
    printer = Printer(as_json=as_json, columns=_ORACLE_COLUMNS)
    with load_models(settings.engine, progress=progress) as models:
        profile = read_profile(settings, models, environment="development")
        cast = cast_of(split_b(images, _names(subjects)), models, profile, progress, most_victims=scenes)
        judge = Judge(GateParts(settings, profile, models, cast.gallery))
        chosen = [s.knowing_templates() for s in impersonations(cast, judge, scenes, progress)]
        for values in compare(Bench(chosen, Twins.load(settings.engine, profile), judge)):
            printer.record(values)


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
    with _torch_needed():
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


def _write_report(folder: Path, settings: Settings, images: Path | None, *, as_json: bool) -> tuple[str, list[str]]:
    """Write a campaign's page, print its rows, and return its tables as Markdown and the checks that failed."""
    with _torch_needed():
        from redteam.campaign.records import PORTRAITS_FOLDER, read_manifest
        from redteam.report.clean import clean_pixels_below
        from redteam.report.html import write_html
        from redteam.report.markdown import markdown_of
        from redteam.report.report import build_report
    file = read_profile_file(settings.policy.profile or DEFAULT_PROFILE)
    manifest = read_manifest(folder)
    if manifest.profile_digest != file.digest:
        raise UsageError(
            f"{folder} attacked the thresholds of profile {manifest.profile_digest[:12]}, not {file.digest[:12]}",
            hint="set policy.profile to the profile that was attacked",
        )
    profile = read_profile(settings, environment="development")
    names = {Point.LOOSE: "floor_far", Point.STRICT: "alone_far"}
    fars = {p: far for p, name in names.items() if isinstance(far := file.measured.get(name), float)}
    made = build_report(folder, profile.match, fars, clean_pixels_below(images or folder / PORTRAITS_FOLDER))
    write_html(made, folder / "report.html")
    printer = Printer(as_json=as_json, columns=_COLUMNS)
    for values in (*made.row_values(), *made.minimal_values(), *made.movement_values(), *made.check_values()):
        if as_json:
            print_json(values)
        elif "rate" in values:
            printer.record(values)
    failed = [str(c["check"]) for c in made.check_values() if c["ok"] is False]
    print(f"report: {folder / 'report.html'}", file=sys.stderr)
    return markdown_of(made), failed


def _refuse_dishonest(failed: list[str]) -> None:
    """End with code 1 where an attack was too weak for its rows to mean anything.

    Raises:
        EdgeError: a check failed.
    """
    if failed:
        raise EdgeError(
            f"the attacks were not what they claim to be: {'; '.join(failed)}",
            hint="rows marked void are not to be published; more steps or scenes may mend it",
        )


@contextmanager
def _torch_needed() -> Iterator[None]:
    """Turn a missing red-team package into a hint.

    Raises:
        UsageError: a package is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is not installed", hint="run 'make redteam-setup'") from error


def _names(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}", hint="give a text file, one name a line") from error


def _revision() -> str:
    """Return the source's revision; a ``+`` tells of changes that are in no commit, ``unknown`` of no repository."""
    root = Path(__file__).parents[1]

    def git(*arguments: str) -> str:
        return subprocess.run(
            ("git", "-C", str(root), *arguments), capture_output=True, text=True, check=True, timeout=30
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "--short=12", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def _torch_version() -> str:
    import torch

    return str(torch.__version__)
