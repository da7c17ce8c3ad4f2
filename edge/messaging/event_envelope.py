"""The attributes of an event, as a closed model: what the gate writes, and what the published schema is made of."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from edge.messaging.payloads import Line, Payload, Severity

_NAME = r"[a-z0-9][a-z0-9-]{0,62}"
_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"

Moment = Annotated[str, Field(pattern=_MOMENT, json_schema_extra={"format": "date-time"})]


class EventEnvelopeV1(Payload):
    """A CloudEvent 1.0 of a gate. Everything but `signature` is signed."""

    schema_urn: ClassVar[str] = "urn:egate:schema:event:1.0"
    specversion: Literal["1.0"]
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}-[0-9]{1,20}$")] = Field(
        description="Audit chain and place in it; the same `id` twice is the same event delivered twice."
    )
    source: Annotated[str, Field(pattern=rf"^/egate/{_NAME}/{_NAME}$")] = Field(description="Which gate.")
    type: Annotated[str, Field(pattern=r"^io\.egate\.[a-z-]{1,32}\.v1$")] = Field(
        description="`io.egate.{kind}.v1`; the kind is the topic's last level."
    )
    subject: Annotated[str, Field(pattern=rf"^{_NAME}$")] = Field(description="The access point.")
    time: Moment = Field(description="When it happened, UTC.")
    recordedtime: Moment = Field(description="When it was written to the audit chain, UTC.")
    expirytime: Moment | None = Field(
        default=None, description="From then on it must not open anything; left out: it never may."
    )
    sequence: Annotated[str, Field(pattern=r"^[0-9]{20}$")] = Field(description="Place in the audit chain.")
    bootid: Annotated[str, Field(pattern=rf"^{_NAME}$")] = Field(description="Which start of the gate.")
    correlationid: Line | None = Field(default=None, description="The attempt, or the command; left out: none.")
    replay: Line | None = Field(
        default=None, description="The command for which it was told again; left out: it is told for the first time."
    )
    severitytext: Severity
    severitynumber: Annotated[int, Field(ge=1, le=24)]
    dataschema: Line = Field(description="Schema and version of `data`.")
    datacontenttype: Literal["application/json"]
    dataclassification: Line | None = Field(default=None, description="`restricted` or `internal`.")
    dataregulation: Line | None = Field(default=None, description="`GDPR` where the event is personal data.")
    keyid: Line = Field(description="First 16 hexadecimal digits of the sha256 of the gate's public key.")
    data: dict[str, JsonValue] = Field(description="The payload.")
    signature: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{86}==$")] = Field(
        description="base64 of the Ed25519 signature."
    )
