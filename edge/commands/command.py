"""``edge-gate command``: make a key for commands, and send them."""

import secrets
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import print_json
from edge.commands.public_key import public_key
from edge.daemon.broker import broker_options
from edge.domain.clock import SystemClock
from edge.domain.command import CommandName, CommandOutcome
from edge.domain.errors import UsageError
from edge.domain.visible_text import visible
from edge.messaging.commands.payloads import PAYLOAD_OF, AnyCommand
from edge.messaging.commands.sender import CommandSender
from edge.messaging.topics import Topics
from edge.settings.load import load_settings
from edge.telemetry.logs import configure_logs
from edge.trust.keys import make_key, read_key
from edge.trust.signing import Signer

app = typer.Typer(help="Signed commands to a gate.", no_args_is_help=True)


@app.command("make-key")
def make(
    file: Annotated[Path, typer.Argument(help="New file for the key, mode 0600, where commands are sent from.")],
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key to sign commands with, and print its public key for trust.command_keys of the gates."""
    del state
    signer = Signer(make_key(file))
    values = {"key": str(file), "key_id": signer.key_id, "public_key": signer.public_key.hex()}
    if as_json:
        print_json(values)
        return
    for name, value in values.items():
        print(f"{name:10} {visible(value)}")


@app.command("send")
def send(
    name: Annotated[CommandName, typer.Argument(help="Which command.")],
    *,
    key: Annotated[Path, typer.Option(help="File (0600) with the sender's key, from 'edge-gate command make-key'.")],
    site: Annotated[str, typer.Option(help="Site of the gate.")],
    gate: Annotated[str, typer.Option(help="The gate.")],
    terms: Annotated[
        list[str] | None, typer.Option("--set", help="A field of the command, as NAME=VALUE; may be repeated.")
    ] = None,
    gate_key: Annotated[
        str | None, typer.Option(help="The gate's public key, hexadecimal: its answer must be signed with it.")
    ] = None,
    wait_s: Annotated[float, typer.Option(min=0.1, max=60, help="How long to wait for the answer, seconds.")] = 5.0,
    config: ConfigOption = None,
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send one command to one gate by the broker of the settings, and wait for the gate's answer.

    Exits with 0 only if the gate carried it out.
    """
    del state
    configure_logs(level="error")  # what goes wrong is told by the command itself
    data = _command(name, terms or [])
    topics = Topics(site, gate)
    signer = Signer(read_key(key))
    options = replace(
        broker_options(load_settings(config)),
        client_id=f"command-{signer.key_id}-{secrets.token_hex(4)}",  # the gate's own would throw the gate out
        session_expiry_s=0,
    )
    with CommandSender(
        options,
        topics,
        signer,
        SystemClock(),
        gate_key=None if gate_key is None else public_key(gate_key, "--gate-key"),
    ) as sender:
        sent = sender.send(data, patience_s=wait_s)
    values = {
        "command": name.value,
        "id": sent.command_id,
        "outcome": sent.response.outcome.value,
        "detail": sent.response.detail,
        "is_checked": gate_key is not None,
    }
    if as_json:
        print_json(values)
    else:
        unproven = "" if gate_key is not None else " (not checked: give --gate-key)"
        print(visible(f"{name.value}: {sent.response.outcome.value} {sent.response.detail}".rstrip()) + unproven)
    if sent.response.outcome is not CommandOutcome.DONE:
        raise typer.Exit(1)


def _command(name: CommandName, terms: list[str]) -> AnyCommand:
    """Return the command's payload from its ``NAME=VALUE`` terms.

    Raises:
        UsageError: a field is missing, unknown, twice there or not allowed.
    """
    fields: dict[str, str] = {}
    for term in terms:
        field, sign, value = term.partition("=")
        if not sign or field in fields:
            raise UsageError(
                f"{term!r} is no field of its own", hint="write each once, such as --set posture=lockdown"
            )
        fields[field] = value
    model = PAYLOAD_OF[name]
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, e['loc'])) or name.value}: {e['msg']}" for e in error.errors())
        raise UsageError(
            f"{name.value} refused: {said}", hint=f"its fields are {', '.join(model.model_fields)}"
        ) from error
