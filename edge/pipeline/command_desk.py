"""Carries out accepted commands on the gate's thread, between two frames.

In the one order that loses nothing: recorded first, then done, then answered. What could not be recorded is not done,
and what could not be carried out is recorded a second time, with why.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, assert_never

from edge.domain.anomaly import AnomalyReport
from edge.domain.claim import Claim
from edge.domain.clock import Clock
from edge.domain.command import CommandName, CommandOutcome, CommandRecord, CommandResult, ReplayOrder
from edge.domain.errors import EdgeError
from edge.domain.event import Ticket
from edge.domain.limit_scope import LimitScope
from edge.domain.match import SubjectRef
from edge.domain.posture import Posture
from edge.messaging.commands.examination import AcceptedCommand, RefusedCommand
from edge.messaging.commands.payloads import ClaimCommandV1, PostureCommandV1, ReplayCommandV1, UnlockCommandV1
from edge.messaging.commands.problems import CommandProblem
from edge.messaging.commands.refusals import RefusalReports
from edge.messaging.commands.signing import response_of, signed_response
from edge.messaging.envelope import CONTENT_TYPE, Signer
from edge.messaging.identity import GateIdentity
from edge.messaging.wire import Outgoing


class CommandSink(Protocol):
    """Who carries commands out. Called on the gate's thread between two frames, after the command was recorded.

    Nothing here opens a door. A method that raises an ``EdgeError`` has not carried the command out.
    """

    def on_claim(self, claim: Claim) -> CommandResult:
        """A badge or PIN names a person, for one attempt."""
        ...

    def on_unlock(self, scope: LimitScope, target: str | None) -> CommandResult:
        """Lift a hold: the gate's own (``target`` is None), or one identity's or cluster's."""
        ...

    def on_posture(self, posture: Posture) -> CommandResult:
        """Stand towards everybody like this from now on."""
        ...

    def on_replay(self, order: ReplayOrder) -> CommandResult:
        """Tell events again."""
        ...


class Records(Protocol):
    """Writes to the audit chain; :class:`edge.pipeline.act.Actor`."""

    def record_command(self, record: CommandRecord) -> Ticket:
        """Record how a command stands. Raises StoreError when it cannot: then nothing may be done."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Signs and publishes what the gate answers.

    Attributes:
        identity: names of this gate.
        signer: its key.
        clock: time of the answer.
        publish: hands a message to the bus, now or never; from any thread.
    """

    identity: GateIdentity
    signer: Signer
    clock: Clock
    publish: Callable[[Outgoing], object]

    def give(self, name: CommandName, command_id: str, outcome: CommandOutcome, detail: str) -> None:
        """Answer one command."""
        channel = self.identity.topics.response(name.value)
        payload = signed_response(
            response_of(name, outcome, detail),
            self.identity,
            self.signer,
            command_id=command_id,
            response_id=secrets.token_hex(16),
            now_utc=self.clock.utc(),
        )
        self.publish(
            Outgoing(
                topic=channel.topic,
                payload=payload,
                qos=channel.qos,
                content_type=CONTENT_TYPE,
                expiry_s=channel.expiry_s,
                correlation=command_id.encode("ascii"),
            )
        )

    def refuse(self, command: RefusedCommand) -> None:
        """Tell somebody whose signature held why their command was refused."""
        if command.command_id is not None and command.name is not None:
            self.give(command.name, command.command_id, CommandOutcome.REFUSED, command.problem.value)


class CommandDesk:
    """See the module. One thread, the gate's."""

    def __init__(
        self,
        take: Callable[[], list[AcceptedCommand]],
        records: Records,
        sink: CommandSink,
        answers: Answers,
        *,
        gate_clock: Clock,
        claim_valid_ms: float,
        tell: Callable[[AnomalyReport], None],
    ) -> None:
        """Take everything.

        Args:
            take: gives the commands that wait (``CommandInbox.take``).
            records: the audit chain.
            sink: carries them out.
            answers: tells their senders; its clock is the machine's, by which commands end.
            gate_clock: the clock of the gate's frames, by which claims count.
            claim_valid_ms: how long a claim counts.
            tell: takes the anomaly of a command that came too late; rate-limited here.
        """
        self._take = take
        self._records = records
        self._sink = sink
        self._answers = answers
        self._gate_clock = gate_clock
        self._claim_valid_ns = int(claim_valid_ms * 1e6)
        self._reports = RefusalReports(answers.clock, tell)

    def work(self) -> None:
        """Carry out what waits.

        Raises:
            StoreError: a command could not be recorded; it was not carried out.
        """
        for command in self._take():
            self._carry_out(command)

    def _carry_out(self, command: AcceptedCommand) -> None:
        if self._answers.clock.monotonic_ns() >= command.expires_ns:
            topic = self._answers.identity.topics.command(command.name.value).topic
            self._reports.add(CommandProblem.LATE, topic, sender=command.key.name)
            self._answer(command, CommandResult(CommandOutcome.REFUSED, CommandProblem.LATE.value))
            return
        self._records.record_command(_record(command, CommandResult(CommandOutcome.ACCEPTED)))
        result = self._done(command)
        if result.outcome is not CommandOutcome.DONE:
            self._records.record_command(_record(command, result))
        self._answer(command, result)

    def _done(self, command: AcceptedCommand) -> CommandResult:
        try:
            match command.data:
                case ClaimCommandV1() as data:
                    return self._sink.on_claim(self._claim_of(command, data))
                case UnlockCommandV1() as data:
                    return self._sink.on_unlock(data.scope, data.target)
                case PostureCommandV1() as data:
                    return self._sink.on_posture(data.posture)
                case ReplayCommandV1() as data:
                    return self._sink.on_replay(_order_of(command, data))
                case _:
                    assert_never(command.data)
        except EdgeError as error:
            return CommandResult(CommandOutcome.FAILED, f"{error} ({error.hint})")

    def _claim_of(self, command: AcceptedCommand, data: ClaimCommandV1) -> Claim:
        now_ns = self._gate_clock.monotonic_ns()
        return Claim(
            claim_id=command.command_id,
            subject=SubjectRef(data.subject),
            factor=data.factor,
            received_ns=now_ns,
            expires_ns=now_ns + self._claim_valid_ns,
        )

    def _answer(self, command: AcceptedCommand, result: CommandResult) -> None:
        if command.wants_reply:
            self._answers.give(command.name, command.command_id, result.outcome, result.detail)


def _order_of(command: AcceptedCommand, data: ReplayCommandV1) -> ReplayOrder:
    return ReplayOrder(
        command_id=command.command_id, chain_id=data.chain, first_seq=int(data.first), last_seq=int(data.last)
    )


def _record(command: AcceptedCommand, result: CommandResult) -> CommandRecord:
    return CommandRecord(
        command_id=command.command_id,
        name=command.name,
        key_id=command.key.key_id,
        sender=command.key.name,
        what=command.data.what,
        terms=command.data.model_dump(mode="json"),
        outcome=result.outcome,
        detail=result.detail,
        issued_utc=command.issued_utc,
    )
