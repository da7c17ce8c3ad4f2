"""``edge-gate check``: is everything there that the gate needs? A line a check, with what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from edge.commands.check_probes import PROBES, Probe
from edge.commands.options import ConfigOption, JsonOption, StateOption
from edge.commands.output import Printer
from edge.domain.errors import CameraSwappedError, ConfigError, EdgeError, TrustError, UsageError
from edge.settings.load import load_settings
from edge.settings.tree import Settings
from engines.errors import AcceptanceError, EngineError, IntegrityError

_INTEGRITY_EXIT = 4
_SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Line:
    """One check.

    Attributes:
        check: its name.
        ok: whether the gate could serve with what was found.
        detail: what was found.
        hint: what to do about it.
        is_altered: something is not what it claims to be, which is worse than missing.
    """

    check: str
    ok: bool
    detail: str
    hint: str = ""
    is_altered: bool = False


def check(
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help="Only the line of this name; may be repeated. Settings are checked always."),
    ] = None,
    config: ConfigOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check all that run needs; exit 4 if something is not what it claims to be, 1 if anything else is wrong."""
    names = _named(only)
    printer = Printer(as_json=as_json, columns={"check": 11, "ok": 4, "detail": 60, "hint": 40})
    code = 0
    for line in _lines(names, config, state):
        code = max(code, _INTEGRITY_EXIT if line.is_altered else int(not line.ok))
        printer.record({"check": line.check, "ok": line.ok, "detail": line.detail, "hint": line.hint})
    if code:
        raise typer.Exit(code)


def _named(only: list[str] | None) -> tuple[str, ...]:
    unknown = [name for name in only or () if name not in (*PROBES, _SETTINGS)]
    if unknown:
        raise UsageError(f"check has no line {unknown[0]!r}", hint=f"lines are {', '.join((_SETTINGS, *PROBES))}")
    return tuple(name for name in PROBES if not only or name in only)


def _lines(names: tuple[str, ...], config: Path | None, state: Path | None) -> Iterator[Line]:
    try:
        settings = load_settings(config, state_dir=state)
    except ConfigError as error:
        yield Line(_SETTINGS, False, str(error), error.hint)
        return
    yield Line(_SETTINGS, True, f"environment {settings.environment.value}")
    for name in names:
        yield _tried(name, PROBES[name], settings)


def _tried(name: str, probe: Probe, settings: Settings) -> Line:
    try:
        return Line(name, True, probe(settings))
    except (EdgeError, EngineError) as error:
        is_altered = isinstance(error, TrustError | CameraSwappedError | IntegrityError | AcceptanceError)
        return Line(name, False, str(error), error.hint, is_altered)
