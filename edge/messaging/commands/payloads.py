"""What commands and their answers say. A gate takes nothing that it does not know: every model here is closed.

A command is a CloudEvent whose attributes are all strings, so that its canonical form leaves no room for two
readings.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from edge.domain.claim import Factor
from edge.domain.command import CommandName, CommandOutcome
from edge.domain.limit_scope import LimitScope
from edge.domain.posture import Posture
from edge.messaging.payloads import Line, Payload

LONGEST_LIFE = dt.timedelta(seconds=10)
"""Most time between a command's ``time`` and ``expirytime``; the message expires on the broker as soon."""

_NAME = r"^[a-z0-9][a-z0-9-]{0,62}$"
_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$"

Name = Annotated[str, Field(pattern=_NAME)]
Sequence = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
Moment = Annotated[str, Field(pattern=_MOMENT)]


class CommandPayload(Payload):
    """Base of every command's ``data``.

    Attributes:
        name: the command that it belongs to.
    """

    name: ClassVar[CommandName]

    @property
    def what(self) -> str:
        """What is commanded, in one line without a person."""
        raise NotImplementedError


class ClaimCommandV1(CommandPayload):
    """A badge or a PIN names a person at an access point. Never the badge's number, never the PIN."""

    schema_urn: ClassVar[str] = "urn:egate:schema:command-claim:1.0"
    name: ClassVar[CommandName] = CommandName.CLAIM
    subject: Name = Field(description="Reference of the enrolled person that was named.")
    factor: Factor = Field(description="What the person showed.")
    access_point: Name = Field(description="Where it was shown; must be the gate's own.")

    @property
    def what(self) -> str:
        """Which factor was shown."""
        return f"claim by {self.factor.value}"


class UnlockCommandV1(CommandPayload):
    """Lift a hold."""

    schema_urn: ClassVar[str] = "urn:egate:schema:command-unlock:1.0"
    name: ClassVar[CommandName] = CommandName.UNLOCK
    scope: LimitScope = Field(description="Whose hold.")
    target: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")] | None = Field(
        default=None, description="Which identity or cluster; null for the gate's own hold."
    )

    @property
    def what(self) -> str:
        """Whose hold is lifted."""
        return f"lift the hold of {'this' if self.scope is LimitScope.GATE else 'one'} {self.scope.value}"

    @model_validator(mode="after")
    def _names_whom(self) -> Self:
        if (self.target is None) != (self.scope is LimitScope.GATE):
            raise ValueError("a target belongs to an identity or a cluster, and to nothing else")
        return self


class PostureCommandV1(CommandPayload):
    """How the gate stands towards everybody from now on."""

    schema_urn: ClassVar[str] = "urn:egate:schema:command-posture:1.0"
    name: ClassVar[CommandName] = CommandName.POSTURE
    posture: Posture = Field(description="Only normal lets anybody in.")

    @property
    def what(self) -> str:
        """Which posture is ordered."""
        return f"posture {self.posture.value}"


class ReplayCommandV1(CommandPayload):
    """Tell the events of a range again, for somebody who saw a gap in their sequence."""

    schema_urn: ClassVar[str] = "urn:egate:schema:command-replay:1.0"
    name: ClassVar[CommandName] = CommandName.REPLAY
    first: Sequence = Field(description="Sequence number of the first event.")
    last: Sequence = Field(description="Sequence number of the last event.")
    chain: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = Field(
        default=None,
        description="The chain that they count in: an event's `id` before its last dash. Null: the present.",
    )

    @property
    def what(self) -> str:
        """Which range."""
        return f"replay of events {int(self.first)} to {int(self.last)}"

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if not 0 < int(self.first) <= int(self.last):
            raise ValueError("a range begins at 1 or later and does not end before it begins")
        return self


AnyCommand = ClaimCommandV1 | UnlockCommandV1 | PostureCommandV1 | ReplayCommandV1

PAYLOAD_OF: Mapping[CommandName, type[AnyCommand]] = {
    model.name: model for model in (ClaimCommandV1, UnlockCommandV1, PostureCommandV1, ReplayCommandV1)
}


class CommandEnvelopeV1(Payload):
    """The attributes of a command. Everything but ``signature`` is signed."""

    schema_urn: ClassVar[str] = "urn:egate:schema:command:1.0"
    specversion: Literal["1.0"]
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] = Field(description="The nonce: 16 random bytes.")
    source: Line = Field(description="`/egate/{site}/sender/{keyid}`.")
    type: Annotated[str, Field(pattern=r"^io\.egate\.command\.[a-z-]{1,32}\.v1$")] = Field(
        description="`io.egate.command.{name}.v1`; the name is the topic's last level."
    )
    site: Name = Field(description="The gate's site.")
    gate: Name = Field(description="The gate it is for, and no other.")
    bootid: Name = Field(description="The gate's `boot_id` from its birth certificate: dies with a restart.")
    time: Moment = Field(description="When it was made, UTC.")
    expirytime: Moment = Field(description="When it ends, at most 10 s after `time`.")
    sequence: Annotated[str, Field(pattern=r"^[0-9]{20}$")] = Field(
        description="Higher than that of every command before with this key and boot id; 20 digits."
    )
    keyid: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] = Field(
        description="First 16 hexadecimal digits of the sha256 of the sender's public key."
    )
    dataschema: Line = Field(description="Schema and version of `data`.")
    datacontenttype: Literal["application/json"]
    replyto: Line | None = Field(
        default=None, description="The gate's own `rsp/{name}` topic, if an answer is wanted. Left out, not null."
    )
    data: dict[str, str | None] = Field(description="The payload.")
    signature: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{86}==$")] = Field(
        description="base64 of the Ed25519 signature."
    )

    @field_validator("time", "expirytime")
    @classmethod
    def _is_a_day(cls, text: str) -> str:
        dt.datetime.fromisoformat(text)
        return text

    @property
    def issued_utc(self) -> dt.datetime:
        """``time``."""
        return dt.datetime.fromisoformat(self.time)

    @property
    def expires_utc(self) -> dt.datetime:
        """``expirytime``."""
        return dt.datetime.fromisoformat(self.expirytime)


class CommandResponseV1(Payload):
    """The gate's signed answer to a command that asked for one."""

    schema_urn: ClassVar[str] = "urn:egate:schema:command-response:1.0"
    command: CommandName
    outcome: CommandOutcome
    detail: Line = Field(description="Why it was not done; empty when it was.")
