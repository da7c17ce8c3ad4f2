"""``edge-gate posture``: lock the gate down, take it out of service, and back."""

from typing import Annotated

import typer

from edge.commands.options import ConfigOption, JsonOption, StateOption
from edge.commands.output import print_json
from edge.daemon.state import open_gate_state
from edge.domain.posture import Posture
from edge.settings.load import load_settings

app = typer.Typer(help="Whether the gate lets in anybody at all.", no_args_is_help=True)


@app.command("show")
def show(state: StateOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show the posture."""
    opened, _ = open_gate_state(load_settings(config, state_dir=state))
    with opened:
        _tell(opened.limits.posture(), as_json=as_json)


@app.command("set")
def set_posture(
    posture: Annotated[Posture, typer.Argument(help="normal, or one that denies everybody.")],
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set the posture. It lasts over restarts; a running gate follows within a second, and tells the fleet."""
    opened, _ = open_gate_state(load_settings(config, state_dir=state))
    with opened:
        opened.limits.set_posture(posture)
        _tell(opened.limits.posture(), as_json=as_json)


def _tell(posture: Posture, *, as_json: bool) -> None:
    if as_json:
        print_json({"posture": posture.value})
    else:
        print(posture.value)
