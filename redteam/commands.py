"""``edge-gate redteam``: attacks on the gate, from a source checkout with ``make redteam-setup``."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import print_json
from edge.commands.progress import rich_progress
from edge.daemon.assembly import read_profile
from edge.daemon.models import SECOND, load_models
from edge.domain.errors import UsageError
from edge.settings.load import load_settings

app = typer.Typer(help="Attacks on the gate.", no_args_is_help=True)

_OUT = Path("redteam-out")
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
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Attack the gate as it is and print a row a target; success is judged by the gate on the saved picture."""
    if (images is None) != (subjects is None):
        raise UsageError("--images and --subjects belong together", hint="give both, or neither for two portraits")
    with _torch_needed():
        from redteam.campaign.records import Manifest
        from redteam.campaign.runner import choose_scenes, run_campaign
        from redteam.campaign.suites import suite_named
        from redteam.campaign.worker import Equipment
        from redteam.cast import cast_of, split_b
        from redteam.portraits import portrait_pictures
    rows = suite_named(suite)
    settings, progress = load_settings(config, state_dir=state), rich_progress()
    pictures = split_b(images, _names(subjects)) if images and subjects else portrait_pictures(out / "portraits")
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
    run_campaign(rows, scenes, manifest, equipment, progress, processes=processes)
    if as_json:
        print_json({"folder": str(out), "rows": len(rows)})


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
