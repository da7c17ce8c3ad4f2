"""Bytes of a stranger become a command, or the first reason why they are none. Nothing here trusts anything.

Cheap checks come first. Every bound holds before what it bounds is built: the size before decoding, the nesting
before parsing, the schema before anything is canonicalized.
"""

import json
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from edge.domain.command import CommandName
from edge.domain.errors import TrustError
from edge.messaging.commands.payloads import PAYLOAD_OF, AnyCommand, CommandEnvelopeV1
from edge.messaging.commands.problems import CommandProblem
from edge.trust.canonical import canonical_json

MOST_BYTES: Final = 4_096
"""Size of a payload; a real command has about 800 bytes."""
_MOST_BRACKETS = 8  # a command has two opening ones, and nothing can be nested deeper than it has opening brackets
_TYPE_PREFIX, _TYPE_SUFFIX = "io.egate.command.", ".v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedCommand:
    """A well-formed command; who made it is not known yet.

    Attributes:
        name: which command.
        envelope: its attributes.
        data: its payload.
        signed: the canonical bytes that the signature must be over.
    """

    name: CommandName
    envelope: CommandEnvelopeV1
    data: AnyCommand
    signed: bytes


def parse(payload: bytes) -> ParsedCommand | CommandProblem:
    """Return the command in ``payload``, or why it is none. Never raises."""
    document = json_object(payload, most_bytes=MOST_BYTES)
    if isinstance(document, CommandProblem):
        return document
    if "signature" not in document:
        return CommandProblem.UNSIGNED
    try:
        envelope = CommandEnvelopeV1.model_validate(document)
        name = name_of(envelope.type)
        if name is None:
            return CommandProblem.UNKNOWN_COMMAND
        model = PAYLOAD_OF[name]
        if envelope.dataschema != model.schema_urn or document.get("replyto", "") is None:
            return CommandProblem.MALFORMED
        data = model.model_validate(envelope.data)
        signed = canonical_json({key: value for key, value in document.items() if key != "signature"})
    except (ValidationError, TrustError):
        return CommandProblem.MALFORMED
    return ParsedCommand(name=name, envelope=envelope, data=data, signed=signed)


def json_object(payload: bytes, *, most_bytes: int) -> dict[str, object] | CommandProblem:
    """Return the one JSON object in ``payload``, UTF-8, with every name once and little nesting; or why not."""
    if len(payload) > most_bytes:
        return CommandProblem.TOO_LARGE
    if payload.count(b"{") + payload.count(b"[") > _MOST_BRACKETS:
        return CommandProblem.TOO_DEEP
    try:
        document = json.loads(payload.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except ValueError:  # of the encoding, the JSON, a name that comes twice, or a number of thousands of digits
        return CommandProblem.NOT_JSON
    return document if isinstance(document, dict) else CommandProblem.NOT_JSON


def type_of(name: CommandName) -> str:
    """Return the CloudEvents ``type`` of a command."""
    return f"{_TYPE_PREFIX}{name.value}{_TYPE_SUFFIX}"


def name_of(event_type: str) -> CommandName | None:
    """Return the command of a CloudEvents ``type``; None if there is none."""
    return next((name for name in CommandName if type_of(name) == event_type), None)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise ValueError("a name appears twice")
    return unique


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
