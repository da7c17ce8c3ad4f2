"""Commands from outside: what they are called, how they end, and what is recorded of one."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class CommandName(StrEnum):
    """What may be commanded. There is no command that opens a door."""

    CLAIM = "claim"
    """A badge or PIN names a person; by itself it opens nothing."""
    UNLOCK = "unlock"
    """Lift a hold that failures have started. It frees people to try, and opens nothing."""
    POSTURE = "posture"
    """Lock down, take out of service, or back to normal."""
    REPLAY = "replay"
    """Tell events again that were told before. Told again they open nothing."""


class CommandOutcome(StrEnum):
    """How a command stands or ended."""

    ACCEPTED = "accepted"
    """Every check holds; recorded before anything is done."""
    DONE = "done"
    """Carried out."""
    DECLINED = "declined"
    """Understood and not carried out, such as lifting a hold that is not there."""
    FAILED = "failed"
    """It could not be carried out for a fault."""
    REFUSED = "refused"
    """A check does not hold; nothing was done."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What came of carrying out a command.

    Attributes:
        outcome: ``DONE``, ``DECLINED`` or ``FAILED``.
        detail: one line for the sender: no names, no scores.
    """

    outcome: CommandOutcome = CommandOutcome.DONE
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOrder:
    """Which events are to be told again.

    Attributes:
        command_id: of the command that wants it; every event told again names it.
        chain_id: the audit chain that the numbers count in; None = the gate's present one.
        first_seq: of the first event.
        last_seq: of the last one.
    """

    command_id: str
    chain_id: str | None
    first_seq: int
    last_seq: int

    @property
    def count(self) -> int:
        """How many events."""
        return self.last_seq - self.first_seq + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRecord:
    """One line of the audit about an accepted command.

    Attributes:
        command_id: the sender's random id.
        name: which command.
        key_id: the key that signed it.
        sender: what the settings call that key.
        what: one line that may leave the gate: no person in it.
        terms: the command's payload, for the audit alone.
        outcome: how it stands.
        detail: why it was not carried out; empty when it was.
        issued_utc: when its sender made it, timezone-aware.
    """

    command_id: str
    name: CommandName
    key_id: str
    sender: str
    what: str
    outcome: CommandOutcome
    issued_utc: dt.datetime
    detail: str = ""
    terms: Mapping[str, str | None] = field(default_factory=dict)
