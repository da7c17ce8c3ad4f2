"""The commands of a running gate: keys of the settings, the examining thread, and who carries them out."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edge.daemon.standing import Standing
from edge.domain.anomaly import AnomalyReport
from edge.domain.claim import Claim
from edge.domain.clock import Clock
from edge.domain.command import CommandOutcome, CommandResult, ReplayOrder
from edge.domain.limit_scope import LimitScope
from edge.domain.posture import Posture
from edge.messaging.commands.examination import Examiner
from edge.messaging.commands.inbox import CommandInbox
from edge.messaging.commands.keys import CommandKey, by_id
from edge.messaging.commands.time_of_day import TimeOfDay
from edge.messaging.envelope import Signer
from edge.messaging.identity import GateIdentity
from edge.messaging.replays import ReplayQueue
from edge.messaging.wire import Incoming, Outgoing
from edge.pipeline.command_desk import Answers, CommandDesk, CommandSink, Records
from edge.pipeline.gate import Gate
from edge.pipeline.step import Step
from edge.settings.sections import CommandKeySection, TrustSection

_BY_COMMAND = "by a signed command"


@dataclass(frozen=True, slots=True)
class GateSink:
    """Carries commands out on a gate (``CommandSink``), on the gate's thread.

    Attributes:
        gate: takes claims.
        standing: keeps limits and posture over restarts.
        take: takes what an order led to, such as an anomaly that tells of it.
        replays: tells events again.
    """

    gate: Gate
    standing: Standing
    take: Callable[[Step], None]
    replays: ReplayQueue

    def on_claim(self, claim: Claim) -> CommandResult:
        """Hand the claim to the open attempt, or to the next."""
        self.gate.claim(claim)
        return CommandResult()

    def on_unlock(self, scope: LimitScope, target: str | None) -> CommandResult:
        """Forget every failure at this gate; of one identity or face alone it forgets none, and says so."""
        del target
        if scope is not LimitScope.GATE:
            return CommandResult(
                CommandOutcome.DECLINED, f"this gate lifts all holds or none: unlock the gate, not one {scope.value}"
            )
        self.take(self.standing.unlock(_BY_COMMAND, self.gate))
        return CommandResult()

    def on_posture(self, posture: Posture) -> CommandResult:
        """Take a posture, and keep it over restarts."""
        self.take(self.standing.take(posture, _BY_COMMAND, self.gate))
        return CommandResult()

    def on_replay(self, order: ReplayOrder) -> CommandResult:
        """Queue the events behind everything that waits; they go out at their own pace."""
        return self.replays.ask(order)


class CommandRoom:
    """Everything between the network thread and the gate's. Made before the bus, which needs its ear."""

    def __init__(
        self,
        section: TrustSection,
        identity: GateIdentity,
        signer: Signer,
        clock: Clock,
        *,
        set_since: dt.datetime,
        tell: Callable[[AnomalyReport], None],
    ) -> None:
        """Take everything; start nothing yet.

        Args:
            section: who may command, and how long a claim counts.
            identity: names of this gate, with its boot id.
            signer: signs answers.
            clock: the machine's.
            set_since: a clock that stands before this day is not set, and then no command is taken.
            tell: takes anomalies, on any thread.
        """
        self._section = section
        self._tell = tell
        self._publish: Callable[[Outgoing], object] = _say_nothing
        self._answers = Answers(identity=identity, signer=signer, clock=clock, publish=self._respond)
        self._inbox = CommandInbox(
            Examiner(identity, by_id(command_keys(section.command_keys))),
            TimeOfDay(clock, set_since),
            clock,
            tell=tell,
            reply=self._answers.refuse,
        )

    def hand_over(self, message: Incoming) -> None:
        """Take a message, on the network thread."""
        self._inbox.hand_over(message)

    def start(self, publish: Callable[[Outgoing], object]) -> None:
        """Begin to examine; ``publish`` hands an answer to the bus, now or never."""
        self._publish = publish
        self._inbox.start()

    def stop(self) -> None:
        """End the examining thread. May be repeated."""
        self._inbox.stop()

    def desk(self, records: Records, sink: CommandSink, gate_clock: Clock) -> CommandDesk:
        """Return what the gate's thread carries commands out with.

        Args:
            records: the audit chain.
            sink: carries them out.
            gate_clock: the clock of the gate's frames.
        """
        return CommandDesk(
            self._inbox.take,
            records,
            sink,
            self._answers,
            gate_clock=gate_clock,
            claim_valid_ms=self._section.claim_valid_ms,
            tell=self._tell,
        )

    def _respond(self, message: Outgoing) -> None:
        self._publish(message)


def command_keys(sections: Iterable[CommandKeySection]) -> tuple[CommandKey, ...]:
    """Return the keys of the settings."""
    return tuple(
        CommandKey(public_key=bytes.fromhex(s.public_key), name=s.name, commands=s.commands) for s in sections
    )


def _say_nothing(_message: Outgoing) -> None:
    """Answer nobody before there is a bus."""
