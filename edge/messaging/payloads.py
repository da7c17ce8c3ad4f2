"""What messages say: the ``data`` of events and the state messages, versioned.

Within a major version only optional fields are added; meaning never changes. Producers are strict (unknown fields are
refused), consumers must ignore fields that they do not know. No payload holds a score.
"""

from enum import StrEnum
from typing import Annotated, ClassVar, assert_never

from pydantic import BaseModel, ConfigDict, Field

from edge.domain.anomaly import Anomaly
from edge.domain.challenge import Movement
from edge.domain.command import CommandName, CommandOutcome
from edge.domain.event import EventKind
from edge.domain.gallery_change import GalleryAct
from edge.domain.reasons import Decision, Outcome, Reason

Line = Annotated[str, Field(max_length=200)]
Digest = Annotated[str, Field(max_length=128)]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]


class Payload(BaseModel):
    """Base of every payload.

    Attributes:
        schema_urn: which schema and version it follows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_urn: ClassVar[str]


class FindingV1(Payload):
    """One defense's outcome, the worst over the deciding frames; never what it measured."""

    schema_urn: ClassVar[str] = "urn:egate:schema:finding:1.0"
    defense: Line
    outcome: Outcome


class DecisionV1(Payload):
    """How an attempt ended."""

    schema_urn: ClassVar[str] = "urn:egate:schema:decision:1.0"
    attempt: Line = Field(description="Random id of the attempt.")
    decision: Decision
    reason: Reason
    subject: Line | None = Field(description="Random reference to an enrolled person; null = unknown.")
    frames: Count = Field(description="Frames that were assessed.")
    latency_ms: Count = Field(description="Whole milliseconds from the attempt's start to its decision.")
    policy: Digest = Field(description="sha256 of the rules and operating points that decided.")
    findings: tuple[FindingV1, ...]


class AnomalyV1(Payload):
    """Something that somebody should look at."""

    schema_urn: ClassVar[str] = "urn:egate:schema:anomaly:1.0"
    anomaly: Anomaly
    detail: Line
    attempt: Line | None = Field(description="The attempt it belongs to; null = none.")


class LifecyclePhase(StrEnum):
    """Where the gate is in its life."""

    STARTING = "starting"
    STOPPING = "stopping"


class LifecycleV1(Payload):
    """The gate starts or stops."""

    schema_urn: ClassVar[str] = "urn:egate:schema:lifecycle:1.0"
    phase: LifecyclePhase
    version: Line


class CommandV1(Payload):
    """A command that held, before it was carried out, and again if it was not."""

    schema_urn: ClassVar[str] = "urn:egate:schema:command-event:1.0"
    command: CommandName
    command_id: Line = Field(description="Random id of the command.")
    key_id: Line = Field(description="Which key signed it.")
    sender: Line = Field(description="What the settings call that key.")
    what: Line = Field(description="What was commanded, without a person.")
    outcome: CommandOutcome
    detail: Line = Field(description="Why it was not carried out; empty when it was, or will be.")


class GalleryV1(Payload):
    """Something was done to the people enrolled, or to what is kept of denied attempts: a receipt."""

    schema_urn: ClassVar[str] = "urn:egate:schema:gallery:1.0"
    act: GalleryAct = Field(description="What was done.")
    subject: Line | None = Field(description="Random reference to whose records; null = nobody's in particular.")
    counter: Count = Field(
        description="Counter of the gallery. One that is lower than one seen before: an older gallery was put back."
    )
    people: Count = Field(description="How many people are enrolled.")
    root: Digest = Field(description="Hash over everybody's records.")
    detail: Line


class BirthV1(Payload):
    """The birth certificate: what this gate is, retained, sent on every connect."""

    schema_urn: ClassVar[str] = "urn:egate:schema:birth:1.0"
    boot_id: Line
    version: Line = Field(description="Version of the gate's software.")
    models: dict[str, Digest] = Field(description="sha256 of each converted model, by model id.")
    policy: Digest = Field(description="sha256 of the rules and operating points in force.")
    key_id: Line = Field(description="Which key signs the events.")
    schemas: tuple[Line, ...] = Field(description="Schemas of the messages it sends.")


class HealthV1(Payload):
    """How the gate is, retained, every 30 s, expiring after 90 s."""

    schema_urn: ClassVar[str] = "urn:egate:schema:health:1.0"
    boot_id: Line
    uptime_s: Count
    outbox_rows: Count = Field(description="Events that wait to be sent.")
    fault: Reason | None = Field(description="Why every attempt is denied at the moment; null = none.")


class AuditHeadV1(Payload):
    """A signed checkpoint: where the audit chain ended, retained. Keep each: the gate's own copy proves nothing."""

    schema_urn: ClassVar[str] = "urn:egate:schema:audit-head:1.0"
    chain: Line = Field(description="Id of the chain; events begin their `id` with it.")
    sequence: Count = Field(description="Number of its last row.")
    head: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = Field(description="Hash of that row.")
    source: Line = Field(description="Which gate, as in events.")
    time: Line = Field(description="When it was signed, UTC.")
    key_id: Line = Field(description="Which key signed.")
    signature: Line = Field(
        description="base64 of the Ed25519 signature over the RFC 8785 form of all other fields, for "
        "`egate-audit-head-v1`."
    )


class KioskOutcome(StrEnum):
    """What the person at the door is shown."""

    GRANTED = "granted"
    DENIED = "denied"
    COME_CLOSER = "come_closer"
    IDLE = "idle"


class KioskV1(Payload):
    """What the person at the door is shown; for anybody to read. It never opens anything."""

    schema_urn: ClassVar[str] = "urn:egate:schema:kiosk:1.0"
    boot_id: Line
    outcome: KioskOutcome = Field(description="Never why: reasons are on the decision event.")
    prompt: Movement | None = Field(description="The head movement that is asked for now; null = none.")


class Severity(StrEnum):
    """Severity texts of the CloudEvents severity extension."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"

    @property
    def number(self) -> int:
        """The number that belongs to the text (OpenTelemetry log data model)."""
        return {"INFO": 9, "WARN": 13, "ERROR": 17}[self.value]


def severity_of(data: DecisionV1 | AnomalyV1 | LifecycleV1 | CommandV1 | GalleryV1) -> Severity:
    """Return how urgent an event is: anomalies warn, faults are errors, everything else informs."""
    match data:
        case DecisionV1() | LifecycleV1() | CommandV1() | GalleryV1():
            return Severity.INFO
        case AnomalyV1():
            return Severity.ERROR if data.anomaly.is_fault else Severity.WARN
        case _:
            assert_never(data)


def priority_of(kind: EventKind) -> int:
    """Return the place in the outbox: decisions go before anomalies before everything else."""
    match kind:
        case EventKind.DECISION:
            return 0
        case EventKind.ANOMALY:
            return 1
        case EventKind.LIFECYCLE | EventKind.COMMAND | EventKind.GALLERY:
            return 2
        case _:
            assert_never(kind)
