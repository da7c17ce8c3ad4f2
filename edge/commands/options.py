"""Options that every command has."""

from pathlib import Path
from typing import Annotated

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout, logs on stderr.")]
StateOption = Annotated[
    Path | None, typer.Option("--state", help="State folder (or EDGE__STATE). Default: the XDG state folder.")
]
IdleStateOption = Annotated[
    Path | None,
    typer.Option("--state", help="State folder, as everywhere. This command neither reads nor writes it."),
]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="Settings file (or EDGE__CONFIG).")]
