"""``edge-gate demo``: seven scenes, the real gate, no camera, GPU, broker or faces of yours needed."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from edge.commands.demo.broker import DemoBroker
from edge.commands.demo.facts import Facts, facts_of
from edge.commands.demo.out_folder import OutFolder
from edge.commands.demo.play import play
from edge.commands.demo.report import report_html
from edge.commands.demo.result import SceneResult
from edge.commands.demo.scenes import ADVERSARIAL_PICTURE, Scene, all_scenes
from edge.commands.demo.screen import Screen
from edge.commands.demo.sheet import sheet_png
from edge.commands.demo.stage import demo_settings, open_stage
from edge.commands.interruptible import interruptible
from edge.commands.options import IdleStateOption, JsonOption
from edge.commands.progress import rich_progress
from edge.daemon.models import load_models
from edge.domain.clock import SystemClock
from edge.domain.errors import EdgeError
from edge.settings.load import load_settings
from edge.settings.sections import EngineSection
from edge.telemetry.logs import configure_logs

REPORT_FILE = "report.html"
SHEET_FILE = "contact-sheet.png"


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for report.html and contact-sheet.png.")] = Path(
        "demo-out"
    ),
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the gate at work in seven scenes and check each; exit 1 if one did not end as it must."""
    configure_logs(level="error")
    screen = Screen(as_json=as_json)
    screen.environment()
    folder = OutFolder.at(out)
    scenes = _complete_scenes()
    engine = load_settings(state_dir=state).engine
    with interruptible():
        results, facts = _perform(scenes, engine, screen)
    written = (
        folder.write(REPORT_FILE, report_html(results, facts).encode("utf-8")),
        folder.write(SHEET_FILE, sheet_png(results, facts)),
    )
    _event_of_note(results, screen)
    screen.summary(results, written)
    if not all(result.is_as_expected for result in results):
        raise typer.Exit(1)


def _perform(
    scenes: tuple[Scene, ...], engine: EngineSection, screen: Screen
) -> tuple[tuple[SceneResult, ...], Facts]:
    clock = SystemClock()
    screen.note("models: fetched and built at the first run, proven at every run ...")
    with (
        load_models(engine, progress=rich_progress()) as models,
        tempfile.TemporaryDirectory(prefix="edge-gate-demo-state-") as state_dir,
        DemoBroker() as broker,
        open_stage(demo_settings(engine, broker, Path(state_dir)), models, broker, clock) as stage,
    ):
        facts = facts_of(stage)
        screen.facts(facts)
        results = []
        for number, scene in enumerate(scenes, start=1):
            screen.begins(number, len(scenes), scene)
            results.append(play(scene, stage))
            screen.ended(results[-1])
    return tuple(results), facts


def _complete_scenes() -> tuple[Scene, ...]:
    if not ADVERSARIAL_PICTURE.is_file():
        raise EdgeError(
            f"the demo's adversarial picture {ADVERSARIAL_PICTURE} is missing",
            hint="install edge-gate again",
        )
    return all_scenes()


def _event_of_note(results: tuple[SceneResult, ...], screen: Screen) -> None:
    """Show the anomaly of the adversarial scene, the one event that is not everyday."""
    for result in results:
        if result.scene.fools_bare_facenet:
            screen.event(result)
