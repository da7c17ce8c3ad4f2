"""``edge-gate state``: a backup of all that a gate remembers, and putting one back."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from edge.commands.options import ConfigOption, JsonOption, StateOption
from edge.commands.output import print_json
from edge.daemon.audit_check import checkpoints_in
from edge.daemon.state import open_gate_state
from edge.daemon.state_restore import command_identity, restore_state
from edge.domain.clock import SystemClock
from edge.domain.errors import UsageError
from edge.domain.visible_text import visible
from edge.settings.load import load_settings
from edge.store.backup import write_backup
from edge.store.state import DATABASE_FILE
from edge.trust.checkpoint import sign_checkpoint

app = typer.Typer(help="Backup and restore of what a gate remembers.", no_args_is_help=True)


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(help="New file, mode 0600. Keep it as safe as the gate itself.")],
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write database and closed audit segments, as of one moment, into one signed file; a gate may run meanwhile.

    The copy is read back and its audit chain checked first. The two keys are not in it: keep them elsewhere.
    """
    settings = load_settings(config, state_dir=state)
    if not (settings.state_dir / DATABASE_FILE).exists():
        raise UsageError(f"there is no gate's state in {settings.state_dir}", hint="name its folder with --state")
    if not file.parent.is_dir():
        raise UsageError(f"there is no folder {file.parent}", hint="make it, or name another file")
    source = f"/egate/{settings.gate.site}/{settings.gate.gate}"
    opened, ring = open_gate_state(settings)
    with opened, tempfile.TemporaryDirectory(prefix=".edge-gate-backup-", dir=file.parent) as scratch:
        manifest = write_backup(
            opened.database,
            file,
            Path(scratch),
            lambda head: sign_checkpoint(head, source, ring.signer, SystemClock().utc()),
            ring.signer,
        )
    values = {"ok": True, "file": str(file), "sequence": manifest.checkpoint.sequence, "files": len(manifest.files)}
    if as_json:
        print_json(values)
    else:
        print(
            visible(f"{file}: the audit chain up to row {manifest.checkpoint.sequence}, {len(manifest.files)} files")
        )


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="A file of 'edge-gate state backup' of this very gate.")],
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option("--checkpoint", help="File of signed checkpoints, as published or logged; repeatable."),
    ] = None,
    older: Annotated[
        bool, typer.Option("--older", help="What came after the backup, known or not, may be lost.")
    ] = False,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a backup in place of the state, whose keys must be there; a gate must not run meanwhile.

    The backup is proven first: signature, hashes, database, audit chain. What was there moves to a folder
    replaced-TIME beside it. Without --older nothing that is known, from that state or from checkpoints, may be
    lost. The audit chain goes on after the last number that may have been told, with a row that tells of the restore.
    """
    settings = load_settings(config, state_dir=state)
    section = settings.gate
    done = restore_state(
        file,
        settings.state_dir,
        command_identity(section.site, section.gate, section.access_point),
        SystemClock(),
        checkpoints=checkpoints_in(checkpoint or ()),
        rows_untold=settings.audit.checkpoint_rows,
        is_older_meant=older,
    )
    values = {
        "ok": True,
        "sequence": done.checkpoint.sequence,
        "made": done.checkpoint.time,
        "lost": done.lost,
        "replaced": done.aside and str(done.aside),
    }
    if as_json:
        print_json(values)
        return
    lost = "nobody knows how many" if done.lost is None else done.lost
    print(visible(f"the state of {done.checkpoint.time} is in place; rows of the audit chain that are lost: {lost}"))
    if done.aside is not None:
        print(visible(f"what was there lies in {done.aside}: remove it once nobody needs it, it holds people"))
