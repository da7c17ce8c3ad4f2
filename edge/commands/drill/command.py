"""``edge-gate drill``: breaks a gate of its own in every way it knows, and checks that each is denied and told."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from edge.commands.drill.broker_drill import NAME as BROKER_DRILL
from edge.commands.drill.broker_drill import play_without_broker
from edge.commands.drill.faults import gate_faults
from edge.commands.drill.play import play
from edge.commands.drill.result import DrillResult
from edge.commands.drill.rig import prepare
from edge.commands.interruptible import interruptible
from edge.commands.options import IdleStateOption, JsonOption
from edge.commands.output import Printer
from edge.commands.progress import rich_progress
from edge.daemon.models import load_models
from edge.domain.errors import UsageError
from edge.settings.load import load_settings
from edge.settings.sections import EngineSection
from edge.telemetry.logs import configure_logs

_COLUMNS = {"drill": 20, "ok": 4, "denied": 7, "reason": 16, "anomaly": 16, "detected_ms": 12, "recovered_ms": 13}


def drill(
    names: Annotated[list[str] | None, typer.Argument(help="Drills, by name. Default: all.")] = None,
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Break a gate of its own in every way it knows, and check each; exit 1 if one was not noticed or did not pass.

    Real models and the pipeline of a live camera; a synthetic camera, a fake door, a temporary state folder.
    """
    configure_logs(level="error")
    engine = load_settings(state_dir=state).engine
    chosen = _chosen(names or [], engine)
    printer = Printer(as_json=as_json, columns={**_COLUMNS, "hint": 40})
    are_ok = True
    with interruptible():
        for result in _results(chosen, engine):
            printer.record(result.record)
            are_ok &= result.ok
    if not are_ok:
        raise typer.Exit(1)


def drill_names(engine: EngineSection) -> tuple[str, ...]:
    """Return the names of all drills, in order."""
    return (*(fault.name for fault in gate_faults(engine.answer_within_ms)), BROKER_DRILL)


def _chosen(names: Sequence[str], engine: EngineSection) -> tuple[str, ...]:
    known = drill_names(engine)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"there is no drill {unknown[0]!r}", hint=f"drills are {', '.join(known)}")
    return tuple(name for name in known if name in names or not names)


def _results(chosen: Sequence[str], engine: EngineSection) -> Iterator[DrillResult]:
    with (
        load_models(engine, progress=rich_progress()) as models,
        tempfile.TemporaryDirectory(prefix="edge-gate-drill-base-") as folder,
    ):
        base = prepare(models, engine, Path(folder))
        for fault in gate_faults(engine.answer_within_ms):
            if fault.name in chosen:
                yield play(fault, base)
        if BROKER_DRILL in chosen:
            yield play_without_broker(base)
