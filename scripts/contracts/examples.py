"""One example of every message, made by the gate's own code from fixed values, signed with a key that all know.

An example of a version, once published, never changes: ``scripts/write_contracts.py`` refuses to write over it.
"""

import datetime as dt
from collections.abc import Mapping

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.audit import AuditHead
from edge.domain.claim import Factor
from edge.domain.command import CommandName, CommandOutcome, CommandRecord
from edge.domain.event import OutboxMessage, Ticket
from edge.domain.finding import Finding
from edge.domain.gallery_change import GalleryAct, GalleryChange
from edge.domain.limit_scope import LimitScope
from edge.domain.match import SubjectRef
from edge.domain.posture import Posture
from edge.domain.reasons import Decision, Outcome, Reason
from edge.domain.verdict import AttemptId, Verdict
from edge.messaging.commands.payloads import (
    AnyCommand,
    ClaimCommandV1,
    PostureCommandV1,
    ReplayCommandV1,
    UnlockCommandV1,
)
from edge.messaging.commands.signing import CommandTerms, response_of, signed_command, signed_response
from edge.messaging.envelope import (
    anomaly_message,
    command_message,
    decision_message,
    gallery_message,
    lifecycle_message,
)
from edge.messaging.identity import GateIdentity
from edge.messaging.payloads import (
    AnomalyV1,
    AuditHeadV1,
    BirthV1,
    CommandV1,
    DecisionV1,
    GalleryV1,
    HealthV1,
    KioskOutcome,
    KioskV1,
    LifecyclePhase,
    LifecycleV1,
    Payload,
)
from edge.trust.checkpoint import sign_checkpoint
from edge.trust.signing import Signer
from scripts.contracts.schemas import stem_of

SIGNER = Signer(bytes(range(32)))
"""Nobody must use this key for anything else: its seed is published."""
IDENTITY = GateIdentity("north", "lobby", "front-door", "5f2c9a1be04d7733")
NOON = dt.datetime(2026, 3, 14, 12, 0, 0, 250_000, tzinfo=dt.UTC)

_CHAIN = f"{7:032x}"
_ATTEMPT = AttemptId("9d1f0c6a52e84b0f8f4f6f1f8f1f2a3b")
_SUBJECT = SubjectRef("p-0c1d2e3f405162738495a6b7c8d9eafb")
_COMMAND_ID = f"{11:032x}"


def examples() -> Mapping[str, bytes]:
    """Return every message as it goes out, by the stem of its schema, such as ``decision-1.0``."""
    return {**_events(), **_commands(), **_states()}


def _events() -> dict[str, bytes]:
    def ticket(seq: int) -> Ticket:
        return Ticket(_CHAIN, seq)

    report = AnomalyReport(
        anomaly=Anomaly.ADVERSARIAL_INPUT, detail="squeeze: fail", attempt=_ATTEMPT, occurred_utc=NOON
    )
    record = CommandRecord(
        command_id=_COMMAND_ID,
        name=CommandName.CLAIM,
        key_id=SIGNER.key_id,
        sender="lobby-reader",
        what="claim by badge",
        outcome=CommandOutcome.ACCEPTED,
        issued_utc=NOON,
    )
    change = GalleryChange(act=GalleryAct.ERASED, subject=_SUBJECT, counter=7, people=2, root="12" * 32)
    messages: Mapping[type[Payload], OutboxMessage] = {
        DecisionV1: decision_message(_verdict(), IDENTITY, ticket(42), SIGNER, NOON, opens=True),
        AnomalyV1: anomaly_message(report, IDENTITY, ticket(43), SIGNER, NOON),
        LifecycleV1: lifecycle_message(LifecyclePhase.STARTING, "0.1.0", IDENTITY, ticket(44), SIGNER, NOON),
        GalleryV1: gallery_message(change, IDENTITY, ticket(46), SIGNER, NOON),
        CommandV1: command_message(record, IDENTITY, ticket(45), SIGNER, NOON),
    }
    return {stem_of(model.schema_urn): message.payload for model, message in messages.items()}


def _commands() -> dict[str, bytes]:
    data: tuple[AnyCommand, ...] = (
        ClaimCommandV1(subject=_SUBJECT, factor=Factor.BADGE, access_point=IDENTITY.access_point),
        UnlockCommandV1(scope=LimitScope.GATE),
        PostureCommandV1(posture=Posture.LOCKDOWN),
        ReplayCommandV1(first="41", last="43", chain=_CHAIN),
    )
    terms = CommandTerms(
        boot_id=IDENTITY.boot_id, command_id=_COMMAND_ID, sequence=1_773_489_600_250_000, issued_utc=NOON
    )
    made = {stem_of(one.schema_urn): signed_command(one, IDENTITY.topics, SIGNER, terms) for one in data}
    answer = response_of(CommandName.CLAIM, CommandOutcome.DONE, "")
    made[stem_of(answer.schema_urn)] = signed_response(
        answer, IDENTITY, SIGNER, command_id=_COMMAND_ID, response_id=f"{12:032x}", now_utc=NOON
    )
    return made


def _states() -> dict[str, bytes]:
    head = AuditHead(chain_id=_CHAIN, seq=45, hash=bytes(range(32)))
    states: tuple[Payload, ...] = (
        AuditHeadV1.model_validate(sign_checkpoint(head, IDENTITY.source, SIGNER, NOON).document()),
        BirthV1(
            boot_id=IDENTITY.boot_id,
            version="0.1.0",
            models={"facenet-20180408": "ab" * 32, "sface-2021dec": "cd" * 32},
            policy="ef" * 32,
            key_id=SIGNER.key_id,
            schemas=("urn:egate:schema:decision:1.0", "urn:egate:schema:anomaly:1.0"),
        ),
        HealthV1(boot_id=IDENTITY.boot_id, uptime_s=3_600, outbox_rows=0, fault=Reason.FAULT_CAMERA),
        KioskV1(boot_id=IDENTITY.boot_id, outcome=KioskOutcome.COME_CLOSER, prompt=None),
    )
    return {stem_of(state.schema_urn): state.model_dump_json().encode("utf-8") for state in states}


def _verdict() -> Verdict:
    findings = tuple(
        Finding(defense=name, outcome=Outcome.PASS, statistic=0.5, threshold=0.25)
        for name in ("randomize", "squeeze", "agree")
    )
    return Verdict(
        attempt_id=_ATTEMPT,
        decision=Decision.GRANTED,
        reason=Reason.MATCH,
        subject=_SUBJECT,
        findings=findings,
        frames=2,
        started_ns=0,
        decided_ns=412_000_000,
        decided_utc=NOON,
        policy_digest="ab" * 32,
    )
