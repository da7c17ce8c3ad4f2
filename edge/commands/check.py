"""``edge-gate check``: is everything there that the gate needs? A line a check, with what to do about it."""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import typer

from edge.capture.source import parse_source
from edge.capture.supervisor import CameraFeed, Nothing, Pace
from edge.commands.options import ConfigOption, JsonOption, StateOption
from edge.commands.output import Printer
from edge.daemon.assembly import read_profile
from edge.daemon.broker import broker_options
from edge.daemon.models import DETECTOR, RECOGNIZERS, load_models, model_store
from edge.daemon.state import open_gate_state
from edge.domain.clock import SystemClock
from edge.domain.errors import ConfigError, EdgeError
from edge.settings.load import load_settings
from edge.settings.tree import Settings
from engines.build import is_built
from engines.catalog import find_spec
from engines.errors import EngineError
from engines.runtime.registry import available_runtimes

_LEAST_FREE_BYTES = 200 * 2**20
_CAMERA_PATIENCE_MS = 10_000
_BROKER_PATIENCE_S = 3.0


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
    probes: tuple[tuple[str, Callable[[Settings], str]], ...] = (
        ("models", _models),
        ("engines", _engines),
        ("profile", _profile),
        ("state", _state),
        ("key", _key),
        ("disk", _disk),
        ("broker", _broker),
        ("camera", _camera),
    )
    for name, probe in probes:
        yield _tried(name, probe, settings)


def _tried(name: str, probe: Callable[[Settings], str], settings: Settings) -> Line:
    try:
        return Line(name, True, probe(settings))
    except (EdgeError, EngineError) as error:
        return Line(name, False, str(error), error.hint)


def _models(settings: Settings) -> str:
    store = model_store(settings.engine)
    missing = [m for m in (DETECTOR, *RECOGNIZERS) if not is_built(find_spec(m), store)]
    if missing:
        raise EngineError(
            f"not built: {', '.join(missing)}", hint="run 'edge-gate engines fetch' and 'engines build'"
        )
    return f"{len(RECOGNIZERS) + 1} models built"


def _engines(settings: Settings) -> str:
    with load_models(settings.engine) as models:
        precisions = ", ".join(available_runtimes().get(settings.engine.runtime, ()))
        return f"{models.runtime} {models.precision}, every engine proven (available: {precisions})"


def _profile(settings: Settings) -> str:
    profile = read_profile(settings)
    return f"{profile.name}{' (provisional)' if profile.is_provisional else ''}, digest {profile.digest[:12]}"


def _state(settings: Settings) -> str:
    opened, _ = open_gate_state(settings)
    with opened:
        people = len(opened.gallery.people())
        report = opened.ledger.verify_chain()
        if not report.is_whole:
            raise ConfigError(
                f"the audit chain is broken: {report.detail}", hint="restore the state folder from a copy"
            )
        return f"{settings.state_dir}: {people} people, {report.records} audit records, chain whole"


def _key(settings: Settings) -> str:
    opened, keys = open_gate_state(settings)
    opened.close()
    return f"events are signed by {keys.signer.key_id}, public key {keys.signer.public_key.hex()}"


def _disk(settings: Settings) -> str:
    folder = settings.state_dir
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < _LEAST_FREE_BYTES or not os.access(folder, os.W_OK):
        raise ConfigError(f"{free // 2**20} MiB free in {folder}", hint="free space, or move the state folder")
    return f"{free // 2**20} MiB free in {folder}"


def _broker(settings: Settings) -> str:
    options = broker_options(settings)
    try:
        with socket.create_connection((options.host, options.port), timeout=_BROKER_PATIENCE_S):
            pass
    except OSError as error:
        raise ConfigError(
            f"{options.address} does not answer: {error}", hint="start the broker, or set broker.host and broker.port"
        ) from error
    return f"{options.address} answers{', TLS' if options.tls else ', plain TCP on this machine'}"


def _camera(settings: Settings) -> str:
    if not settings.camera.source:
        raise ConfigError("no camera is configured", hint="set camera.source, or EDGE__CAMERA__SOURCE")
    source = parse_source(settings.camera.source)
    clock = SystemClock()
    deadline_ns = clock.monotonic_ns() + _CAMERA_PATIENCE_MS * 1_000_000
    with CameraFeed(source, pace=Pace.REALTIME, clock=clock) as feed:
        while clock.monotonic_ns() < deadline_ns:
            frame = feed.next_frame(500)
            if not isinstance(frame, Nothing):
                return f"{source.redacted}: {frame.width_px} x {frame.height_px}"
    raise ConfigError(f"{source.redacted} gave no frame", hint="check the cable, the address and who else uses it")
