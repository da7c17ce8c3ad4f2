"""Acting on verdicts, in the one order that loses nothing and opens nothing unrecorded.

1. Audit row and outbox row in one transaction. 2. Only then, and only for a grant, the door. 3. The drain is woken.
If 1 fails, the door stays shut: a grant that was not written down did not happen.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.clock import Clock
from edge.domain.command import CommandRecord
from edge.domain.errors import DoorError
from edge.domain.event import EventKind, OutboxMessage, Ticket
from edge.domain.reasons import Decision
from edge.domain.verdict import Verdict
from edge.door.base import Door
from edge.messaging.audit_bodies import anomaly_body, command_body, decision_body, lifecycle_body
from edge.messaging.envelope import Signer, anomaly_message, command_message, decision_message, lifecycle_message
from edge.messaging.identity import GateIdentity
from edge.messaging.payloads import LifecyclePhase
from edge.pipeline.step import Step
from edge.store.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Records, opens and tells.

    Attributes:
        ledger: audit chain and outbox.
        door: what a grant opens; None = nothing is ever opened.
        identity: names of this gate.
        signer: signs events.
        clock: time of recording.
        wake: called after every commit, so that the drain need not wait.
    """

    ledger: Ledger
    door: Door | None
    identity: GateIdentity
    signer: Signer
    clock: Clock
    wake: Callable[[], None]

    def act(self, step: Step) -> None:
        """Act on everything that a frame led to.

        Raises:
            StoreError: something could not be recorded; nothing was opened for it.
        """
        for verdict in step.verdicts:
            self.record_verdict(verdict)
        for anomaly in step.anomalies:
            self.record_anomaly(anomaly)

    def record_verdict(self, verdict: Verdict) -> Ticket:
        """Record a verdict, then open the door if it is a grant.

        Raises:
            StoreError: it could not be recorded; the door stayed shut.
        """
        now = self.clock.utc()
        ticket = self._commit(
            EventKind.DECISION,
            decision_body(verdict, self.identity, now),
            lambda ticket: decision_message(
                verdict, self.identity, ticket, self.signer, now, opens=self.door is not None
            ),
        )
        if verdict.decision is Decision.GRANTED and self.door is not None:
            self._open(self.door, verdict)
        return ticket

    def record_anomaly(self, anomaly: AnomalyReport) -> Ticket:
        """Record an anomaly.

        Raises:
            StoreError: it could not be recorded.
        """
        now = self.clock.utc()
        return self._commit(
            EventKind.ANOMALY,
            anomaly_body(anomaly, self.identity, now),
            lambda ticket: anomaly_message(anomaly, self.identity, ticket, self.signer, now),
        )

    def record_lifecycle(self, phase: LifecyclePhase, version: str) -> Ticket:
        """Record that the gate starts or stops.

        Raises:
            StoreError: it could not be recorded.
        """
        now = self.clock.utc()
        return self._commit(
            EventKind.LIFECYCLE,
            lifecycle_body(phase, version, self.identity, now),
            lambda ticket: lifecycle_message(phase, version, self.identity, ticket, self.signer, now),
        )

    def record_command(self, record: CommandRecord) -> Ticket:
        """Record how an accepted command stands; before anything is done for it.

        Raises:
            StoreError: it could not be recorded; nothing may be done.
        """
        now = self.clock.utc()
        return self._commit(
            EventKind.COMMAND,
            command_body(record, self.identity, now),
            lambda ticket: command_message(record, self.identity, ticket, self.signer, now),
        )

    def _commit(
        self, kind: EventKind, body: Mapping[str, object], message: Callable[[Ticket], OutboxMessage]
    ) -> Ticket:
        """Commit a record with its message, and wake the drain."""
        ticket = self.ledger.commit(kind, body, message)
        self.wake()
        return ticket

    def _open(self, door: Door, verdict: Verdict) -> None:
        try:
            door.open(verdict)
        except DoorError as error:
            self.record_anomaly(
                AnomalyReport(
                    anomaly=Anomaly.FAULT_DOOR,
                    detail=f"{error} ({error.hint})",
                    attempt=verdict.attempt_id,
                    occurred_utc=self.clock.utc(),
                )
            )
