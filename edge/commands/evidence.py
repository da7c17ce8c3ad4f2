"""``edge-gate evidence``: faces of denied attempts, where the site keeps any."""

from pathlib import Path
from typing import Annotated

import typer

from edge.commands.options import ConfigOption, JsonOption, StateOption
from edge.commands.output import Printer, print_json
from edge.daemon.state import open_gate_state
from edge.domain.errors import UsageError
from edge.domain.visible_text import visible
from edge.settings.load import load_settings
from edge.store.evidence import Evidence
from edge.trust.file_writing import create_private_file

app = typer.Typer(help="Faces of denied attempts, kept for hours.", no_args_is_help=True)

_COLUMNS = {"id": 18, "taken": 25, "reason": 20, "subject": 34, "attempt": 32}


@app.command("list")
def list_evidence(state: StateOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List what is kept, without showing it."""
    opened, _ = open_gate_state(load_settings(config, state_dir=state))
    printer = Printer(as_json=as_json, columns=_COLUMNS)
    with opened:
        for evidence in opened.evidence.list():
            printer.record(_record(evidence))


@app.command("view")
def view(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Which, from 'edge-gate evidence list'.")],
    out: Annotated[Path, typer.Option(help="New file (0600) for the picture, a PNG; delete it once seen.")],
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write one picture to a file. That it was looked at goes on record first, and out to the fleet."""
    if out.exists():
        raise UsageError(f"{out} is there already", hint="name a new file")
    opened, _ = open_gate_state(load_settings(config, state_dir=state))
    with opened:
        evidence, picture = opened.evidence.view(id_)
    if not create_private_file(out, picture):
        raise UsageError(f"{out} is there already", hint="name a new file")
    if as_json:
        print_json({**_record(evidence), "file": str(out)})
    else:
        print(visible(f"{out}: {evidence.reason.value.replace('_', ' ')}, {evidence.taken.isoformat()}"))


def _record(evidence: Evidence) -> dict[str, str | None]:
    return {
        "id": evidence.id,
        "taken": evidence.taken.isoformat(timespec="seconds"),
        "reason": evidence.reason.value,
        "subject": evidence.subject,
        "attempt": evidence.attempt,
    }
