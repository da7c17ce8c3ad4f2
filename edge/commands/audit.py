"""``edge-gate audit``: is the chain whole, and taking it elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from edge.commands.options import ConfigOption, JsonOption, StateOption
from edge.commands.output import print_json
from edge.commands.public_key import public_key as key_given
from edge.daemon.audit_check import AuditVerdict, check_files, check_ledger, checkpoints_in
from edge.daemon.state import open_gate_state
from edge.domain.audit import AuditHead
from edge.domain.clock import SystemClock
from edge.domain.errors import TrustError, UsageError
from edge.domain.visible_text import visible
from edge.settings.load import load_settings
from edge.settings.tree import Settings
from edge.store.chain_export import exported_lines
from edge.store.state import DATABASE_FILE, State
from edge.trust.checkpoint import Checkpoint, sign_checkpoint
from edge.trust.file_writing import stream_private_file
from edge.trust.keys import KeyRing

app = typer.Typer(help="The audit chain.", no_args_is_help=True)

CheckpointOption = Annotated[
    list[Path] | None,
    typer.Option("--checkpoint", help="File of signed checkpoints, one a line, as published or logged; repeatable."),
]
KeyOption = Annotated[
    list[str] | None,
    typer.Option("--public-key", help="A public key that the gate signed with, hexadecimal; repeatable."),
]


@app.command("verify")
def verify(
    checkpoint: CheckpointOption = None,
    export: Annotated[
        list[Path] | None,
        typer.Option("--export", help="Check this exported file instead of a state folder; repeatable, in order."),
    ] = None,
    public_key: KeyOption = None,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check every row of the chain, closed segments included; name the first one that does not hold, and exit with 4.

    What was cut off at the end, or written anew as a whole, is found only against a checkpoint that left the gate.
    """
    keys = [key_given(text, "--public-key") for text in public_key or ()]
    checkpoints = checkpoints_in(checkpoint or ())
    if export:
        if checkpoints and not keys:
            raise UsageError("a checkpoint proves nothing without a key", hint="give the gate's --public-key")
        verdict = check_files(export, checkpoints, keys)
    else:
        with _opened(load_settings(config, state_dir=state)) as (opened, ring):
            verdict = check_ledger(opened.ledger, checkpoints, [ring.signer.public_key, *keys])
    _tell(verdict, as_json=as_json)
    if not verdict.report.is_whole:
        raise typer.Exit(TrustError.exit_code)


@app.command("export")
def export_chain(
    file: Annotated[Path, typer.Argument(help="New file, JSON Lines; - is stdout.")],
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the whole chain, closed segments included, with a signed checkpoint at its end.

    It can be checked on any machine: 'edge-gate audit verify --export FILE --public-key KEY'. A chain that does not
    hold leaves no file.
    """
    settings = load_settings(config, state_dir=state)
    with _opened(settings) as (opened, ring):
        lines = exported_lines(opened.database, lambda head: _signed(head, settings, ring))
        if str(file) == "-":
            for line in lines:
                sys.stdout.buffer.write(line)
            return
        if not stream_private_file(file, lines, may_replace=False):
            raise UsageError(f"{file} is there already", hint="name a new file")
    if as_json:
        print_json({"ok": True, "file": str(file), "public_key": ring.signer.public_key.hex()})
    else:
        print(visible(f"{file}: check it with --public-key {ring.signer.public_key.hex()}"))


@app.command("checkpoint")
def checkpoint_now(state: StateOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Sign where the chain ends now, as one JSON object: keep it on another machine, for 'edge-gate audit verify'."""
    del as_json  # it is JSON either way
    settings = load_settings(config, state_dir=state)
    with _opened(settings) as (opened, ring):
        print_json(_signed(opened.ledger.head(), settings, ring).document())


@app.command("rotate")
def rotate(
    rows: Annotated[int | None, typer.Option(min=1, help="Most rows to move; default audit.segment_rows.")] = None,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Close a segment now: the oldest rows move into a file beside the database, and the chain goes on from them.

    A running gate does so by itself. Rows whose events still wait for the broker stay, and all after them.
    """
    settings = load_settings(config, state_dir=state)
    with _opened(settings) as (opened, ring):
        segment = opened.segments.close(
            rows or settings.audit.segment_rows, lambda head: _signed(head, settings, ring)
        )
    values = {
        "ok": segment is not None,
        "first_seq": segment and segment.first_seq,
        "last_seq": segment and segment.last_seq,
        "file": segment and str(segment.file),
    }
    if as_json:
        print_json(values)
    elif segment is None:
        print("no rows to move: there are none, or their events still wait")
    else:
        print(visible(f"rows {segment.first_seq} to {segment.last_seq} are in {segment.file}"))


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[State, KeyRing]]:
    """Open a state folder that is there: looking at a chain must not begin one.

    Raises:
        UsageError: it is not there.
    """
    if not (settings.state_dir / DATABASE_FILE).exists():
        raise UsageError(f"there is no gate's state in {settings.state_dir}", hint="name its folder with --state")
    opened, ring = open_gate_state(settings)
    with opened:
        yield opened, ring


def _signed(head: AuditHead, settings: Settings, ring: KeyRing) -> Checkpoint:
    source = f"/egate/{settings.gate.site}/{settings.gate.gate}"
    return sign_checkpoint(head, source, ring.signer, SystemClock().utc())


def _tell(verdict: AuditVerdict, *, as_json: bool) -> None:
    report = verdict.report
    if as_json:
        print_json(
            {
                "ok": report.is_whole,
                "chain": report.chain_id,
                "records": report.records,
                "head": report.head_hash.hex(),
                "checkpoints": verdict.checkpoints,
                "fault_seq": report.fault_seq,
                "detail": report.detail,
            }
        )
    elif report.is_whole:
        print(f"the chain {report.chain_id} is whole: {report.records} rows, {verdict.checkpoints} checkpoints hold")
    else:
        print(visible(f"the chain {report.chain_id} does not hold at row {report.fault_seq}: {report.detail}"))
