"""``edge-gate limits``: who is held, and letting everybody try again."""

from collections.abc import Iterator, Mapping
from typing import Any

import typer

from edge.commands.options import ConfigOption, JsonOption, StateOption
from edge.commands.output import Printer, print_json
from edge.daemon.state import open_gate_state
from edge.domain.errors import TrustError
from edge.policy.limits import Allowance
from edge.policy.limits_record import limits_from
from edge.settings.load import load_settings
from edge.store.limits import StoredLimits

app = typer.Typer(help="Failures that are remembered.", no_args_is_help=True)

_COLUMNS = {"scope": 10, "key": 36, "restriction": 11, "left_ms": 10, "full_after_ms": 13}


@app.command("show")
def show(state: StateOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show the gate's bucket, and every face and claimed identity that failed lately, as they were saved last."""
    opened, _ = open_gate_state(load_settings(config, state_dir=state))
    with opened:
        stored = opened.limits.load()
    printer = Printer(as_json=as_json, columns=_COLUMNS)
    for row in _rows(stored):
        printer.record(row)


@app.command("unlock")
def unlock(state: StateOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Forget every failure and end every hold; a running gate follows within a second. The posture stays."""
    opened, _ = open_gate_state(load_settings(config, state_dir=state))
    with opened:
        opened.limits.unlock()
    if as_json:
        print_json({"unlocked": True})
    else:
        print("every failure is forgotten, no hold runs")


def _rows(stored: StoredLimits) -> Iterator[Mapping[str, Any]]:
    try:
        limits = limits_from(stored.record)
    except ValueError as error:
        raise TrustError(
            f"the limits are not what the gate wrote: {error}",
            hint="find out who altered them; 'edge-gate limits unlock' begins anew",
        ) from error
    yield _row("gate", None, limits.gate, stored.saved_ns)
    for scope, allowances in (("identity", limits.identities), ("face", limits.clusters)):
        for key, allowance in allowances.items():
            yield _row(scope, key, allowance, stored.saved_ns)


def _row(scope: str, key: str | None, allowance: Allowance, saved_ns: int) -> Mapping[str, Any]:
    until_ns = max(allowance.held_until_ns, allowance.escalated_until_ns)
    return {
        "scope": scope,
        "key": key,
        "restriction": allowance.restriction(saved_ns).value,
        "left_ms": max(0, until_ns - saved_ns) // 1_000_000,
        "full_after_ms": max(0, allowance.full_ns - saved_ns) // 1_000_000,
    }
