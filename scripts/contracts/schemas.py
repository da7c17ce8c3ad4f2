"""JSON Schemas of every message, made from the payload models.

What a gate sends is read by others: those schemas are open, because a consumer must ignore fields that it does not
know and must live with values that came later. What a gate reads is closed: it takes nothing that it does not know.
"""

from collections.abc import Mapping
from typing import Any

from edge.domain.reasons import Decision
from edge.messaging import payloads
from edge.messaging.commands import payloads as commands
from edge.messaging.event_envelope import EventEnvelopeV1
from edge.messaging.payloads import Payload, Severity

DIALECT = "https://json-schema.org/draft/2020-12/schema"
EVENTS: Mapping[str, type[Payload]] = {
    "decision": payloads.DecisionV1,
    "anomaly": payloads.AnomalyV1,
    "lifecycle": payloads.LifecycleV1,
    "command": payloads.CommandV1,
    "gallery": payloads.GalleryV1,
}
"""The ``data`` of events, by kind."""
STATES: Mapping[str, type[Payload]] = {
    "birth": payloads.BirthV1,
    "health": payloads.HealthV1,
    "kiosk": payloads.KioskV1,
    "audit-head": payloads.AuditHeadV1,
}
"""State messages, by the topic's last level."""
SENT: tuple[type[Payload], ...] = (EventEnvelopeV1, *EVENTS.values(), *STATES.values(), commands.CommandResponseV1)
READ: tuple[type[Payload], ...] = (commands.CommandEnvelopeV1, *commands.PAYLOAD_OF.values())

_CLOSED_CHOICES = {Decision.__name__, Severity.__name__}  # nothing may ever be added to these


def schema_files() -> Mapping[str, dict[str, Any]]:
    """Return every schema by its file name, such as ``decision-1.0.json``."""
    opened = {file_of(model): _opened(schema_of(model)) for model in SENT}
    return opened | {file_of(model): schema_of(model) for model in READ}


def schema_of(model: type[Payload]) -> dict[str, Any]:
    """Return the schema of one model as pydantic has it, named by its URN."""
    schema = model.model_json_schema()
    return {"$schema": DIALECT, "$id": model.schema_urn, **schema}


def file_of(model: type[Payload]) -> str:
    """Return the file name of a model's schema."""
    return f"{stem_of(model.schema_urn)}.json"


def stem_of(urn: str) -> str:
    """Return ``decision-1.0`` of ``urn:egate:schema:decision:1.0``."""
    return urn.removeprefix("urn:egate:schema:").replace(":", "-")


def published_models() -> set[type[Payload]]:
    """Return every model of a message that has a schema."""
    return {*SENT, *READ}


def _opened(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that takes unknown fields, and unknown values of lists that may grow."""
    opened: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "additionalProperties" and value is False:
            continue
        opened[key] = _each(value)
    if "enum" in opened and opened.get("title") not in _CLOSED_CHOICES:
        opened["x-known-values"] = opened.pop("enum")
    return opened


def _each(value: Any) -> Any:
    if isinstance(value, dict):
        return _opened(value)
    return [_each(one) for one in value] if isinstance(value, list) else value
