"""``edge-gate check``: is everything there that the gate needs? A line a check, with what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import typer

from edge.commands.check_probes import PROBES, Probe
from edge.commands.options import ConfigOption, JsonOption, StateOption
from edge.commands.output import Printer
from edge.domain.errors import ConfigError, EdgeError
from edge.settings.load import load_settings
from edge.settings.tree import Settings
from engines.errors import EngineError


@dataclass(frozen=True, slots=True)
class Line:
    """One check."""

    check: str
    ok: bool
    detail: str
    hint: str = ""


def check(config: ConfigOption = None, state: StateOption = None, as_json: JsonOption = False) -> None:
    """Check settings, models, engines, state, disk, profile, broker and camera; exit 1 if anything is wrong."""
    printer = Printer(as_json=as_json, columns={"check": 10, "ok": 4, "detail": 60, "hint": 40})
    is_fine = True
    for line in _lines(config, state):
        is_fine = is_fine and line.ok
        printer.record({"check": line.check, "ok": line.ok, "detail": line.detail, "hint": line.hint})
    if not is_fine:
        raise typer.Exit(1)


def _lines(config: Path | None, state: Path | None) -> Iterator[Line]:
    try:
        settings = load_settings(config, state_dir=state)
    except ConfigError as error:
        yield Line("settings", False, str(error), error.hint)
        return
    yield Line("settings", True, f"environment {settings.environment.value}")
    for name, probe in PROBES.items():
        yield _tried(name, probe, settings)


def _tried(name: str, probe: Probe, settings: Settings) -> Line:
    try:
        return Line(name, True, probe(settings))
    except (EdgeError, EngineError) as error:
        return Line(name, False, str(error), error.hint)
