"""The AsyncAPI 3.1 document of a gate, made from the topic table and the payload models.

It is told from the gate's side: it ``send``s state, events and answers, and ``receive``s commands.
"""

from collections.abc import Mapping
from typing import Any, Final

from edge.domain.command import CommandName
from edge.domain.event import EventKind
from edge.messaging.commands.parsing import type_of
from edge.messaging.commands.payloads import PAYLOAD_OF, CommandEnvelopeV1, CommandResponseV1
from edge.messaging.commands.signing import RESPONSE_TYPE
from edge.messaging.envelope import CONTENT_TYPE, TYPE_OF_KIND
from edge.messaging.event_envelope import EventEnvelopeV1
from edge.messaging.payloads import Payload
from edge.messaging.topics import Channel, Topics
from scripts.contracts.schemas import DIALECT, EVENTS, STATES, file_of

VERSION: Final = "1.0.0"
"""Of the messages, not of the gate: its first number is the one in the topics."""

_MQTT = "0.2.0"  # version of AsyncAPI's MQTT binding
_TOPICS = Topics("site", "gate")
_PARAMETERS = {
    "site": {"description": "The setting gate.site: lower case letters, digits and dashes."},
    "gate": {"description": "The setting gate.gate: lower case letters, digits and dashes."},
}

Table = dict[str, Any]


def asyncapi_document() -> Table:
    """Return the document; messages lie beside it in ``schemas/``."""
    channels, operations, messages = Table(), Table(), Table()
    for name, channel, message, action in _traffic():
        messages[name] = message
        channels[name] = _channel(channel, name)
        operations[f"{action}-{name}"] = _operation(channel, name, action)
    for command in CommandName:
        operations[f"receive-command-{command}"]["reply"] = {"channel": {"$ref": f"#/channels/response-{command}"}}
    return {
        "asyncapi": "3.1.0",
        "id": "urn:egate:messages",
        "info": {
            "title": "Edge Gate",
            "version": VERSION,
            "description": "What a gate says and hears over MQTT 5. Written by scripts/write_contracts.py.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "broker": {
                "host": "broker.example:8883",
                "protocol": "secure-mqtt",
                "protocolVersion": "5.0",
                "description": "The site's broker: TLS 1.3, a client certificate for each gate.",
                "security": [{"type": "X509"}],
            }
        },
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def _traffic() -> list[tuple[str, Channel, Table, str]]:
    """Return (name, channel, message, action) of everything that travels."""
    found: list[tuple[str, Channel, Table, str]] = [
        ("state-availability", _TOPICS.availability, _availability(), "send")
    ]
    channel_of = {
        "birth": _TOPICS.birth,
        "health": _TOPICS.health,
        "kiosk": _TOPICS.kiosk,
        "audit-head": _TOPICS.audit_head,
    }
    for name, model in STATES.items():
        found.append((f"state-{name}", channel_of[name], _message(model, "application/json", _ref(model)), "send"))
    for kind in EventKind:
        model = EVENTS[kind.value]
        payload = _enveloped(EventEnvelopeV1, model, TYPE_OF_KIND[kind])
        found.append((f"event-{kind}", _TOPICS.event(kind), _message(model, CONTENT_TYPE, payload), "send"))
    for command in CommandName:
        data = PAYLOAD_OF[command]
        payload = _enveloped(CommandEnvelopeV1, data, type_of(command))
        found.append(
            (f"command-{command}", _TOPICS.command(command), _message(data, CONTENT_TYPE, payload), "receive")
        )
        answer = _answer(command)
        message = _message(CommandResponseV1, CONTENT_TYPE, answer)
        found.append((f"response-{command}", _TOPICS.response(command), message, "send"))
    return found


def _channel(channel: Channel, name: str) -> Table:
    address = channel.topic.replace("/site/gate/", "/{site}/{gate}/")
    return {
        "address": address,
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "parameters": _PARAMETERS,
    }


def _operation(channel: Channel, name: str, action: str) -> Table:
    binding: Table = {"qos": channel.qos, "retain": channel.is_retained, "bindingVersion": _MQTT}
    if channel.expiry_s is not None:
        binding["messageExpiryInterval"] = channel.expiry_s
    return {"action": action, "channel": {"$ref": f"#/channels/{name}"}, "bindings": {"mqtt": binding}}


def _message(model: type[Payload], content_type: str, payload: Mapping[str, Any]) -> Table:
    return {
        "summary": _first_line(model),
        "contentType": content_type,
        "payload": {"schemaFormat": "application/schema+json;version=draft-2020-12", "schema": payload},
        "bindings": {"mqtt": {"payloadFormatIndicator": 1, "bindingVersion": _MQTT}},
    }


def _enveloped(envelope: type[Payload], data: type[Payload], type_: str) -> Table:
    own = {"type": {"const": type_}, "dataschema": {"const": data.schema_urn}, "data": _ref(data)}
    return {"$schema": DIALECT, "allOf": [_ref(envelope), {"properties": own}]}


def _answer(command: CommandName) -> Table:
    own: Table = {"type": {"const": RESPONSE_TYPE}, "dataschema": {"const": CommandResponseV1.schema_urn}}
    own |= {"correlationid": {"type": "string", "description": f"The id of the {command} command."}}
    return {
        "$schema": DIALECT,
        "type": "object",
        "required": ["specversion", "id", "source", "type", "correlationid", "data", "signature"],
        "properties": {**own, "data": _ref(CommandResponseV1)},
    }


def _availability() -> Table:
    return {
        "summary": "Whether the gate is there; the last will says offline.",
        "contentType": "text/plain; charset=utf-8",
        "payload": {"type": "string", "enum": ["online", "offline"]},
        "bindings": {"mqtt": {"payloadFormatIndicator": 1, "bindingVersion": _MQTT}},
    }


def _ref(model: type[Payload]) -> Table:
    return {"$ref": f"./schemas/{file_of(model)}"}


def _first_line(model: type[Payload]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]
