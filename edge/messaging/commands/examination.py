"""Does a command hold? Every check in order; the first that does not hold refuses it.

Retained, size, JSON, schema, key, right, signature, address, boot id, time, repetition. What is cheap or needs no
trust comes first, and nothing is remembered of a command before all of it holds.
"""

import base64
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from edge.domain.command import CommandName
from edge.domain.errors import TrustError
from edge.messaging.commands.keys import CommandKey
from edge.messaging.commands.memory import CommandMemory
from edge.messaging.commands.parsing import ParsedCommand, parse
from edge.messaging.commands.payloads import LONGEST_LIFE, AnyCommand, ClaimCommandV1
from edge.messaging.commands.problems import CommandProblem
from edge.messaging.commands.time_of_day import Moment
from edge.messaging.identity import GateIdentity
from edge.messaging.verification import CLOCK_SKEW
from edge.messaging.wire import Incoming
from edge.trust.signing import verify

SIGNATURE_CONTEXT = "egate-command-v1"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as the network thread handed it over.

    Attributes:
        message: what came. The payload of one that is too large was dropped at once.
        moment: when.
        is_too_large: whether it was.
    """

    message: Incoming
    moment: Moment
    is_too_large: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedCommand:
    """A command that holds. It must still be carried out in time.

    Attributes:
        command_id: the sender's random id.
        name: which command.
        data: its payload.
        key: who signed it.
        issued_utc: when it was made.
        expires_ns: monotonic time from which it must not be carried out.
        wants_reply: whether its sender asked for an answer.
    """

    command_id: str
    name: CommandName
    data: AnyCommand
    key: CommandKey
    issued_utc: dt.datetime
    expires_ns: int
    wants_reply: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedCommand:
    """A command that does not hold.

    Attributes:
        problem: the first check that does not.
        command_id: the sender's id; None where no signature held, so that nobody is answered who proved nothing.
        name: which command; None as before.
        sender: whose signature held; empty where none did.
        wants_reply: whether somebody who signed it asked for an answer.
    """

    problem: CommandProblem
    command_id: str | None = None
    name: CommandName | None = None
    sender: str = ""
    wants_reply: bool = False


class Examiner:
    """Examines the commands of one gate, in order of arrival. One thread."""

    def __init__(self, identity: GateIdentity, keys: Mapping[str, CommandKey]) -> None:
        """Take the gate's names, with its boot id, and the keys by key id."""
        self._identity = identity
        self._keys = keys
        self._memory = CommandMemory()

    def examine(self, arrival: Arrival) -> AcceptedCommand | RefusedCommand:
        """Return what holds, or why it does not. Never raises on bad input."""
        if arrival.message.is_retained:
            return RefusedCommand(problem=CommandProblem.RETAINED)
        parsed = CommandProblem.TOO_LARGE if arrival.is_too_large else parse(arrival.message.payload)
        if isinstance(parsed, CommandProblem):
            return RefusedCommand(problem=parsed)
        key = self._keys.get(parsed.envelope.keyid)
        problem = _signature_problem(parsed, key)
        if problem is not None or key is None:
            return RefusedCommand(problem=problem or CommandProblem.UNKNOWN_KEY)
        problem = self._address_problem(arrival, parsed) or _time_problem(arrival.moment, parsed)
        expires_ns = _expires_ns(arrival.moment, parsed)
        if problem is None:
            problem = self._memory.problem_of(
                key_id=key.key_id,
                nonce=parsed.envelope.id,
                sequence=int(parsed.envelope.sequence),
                now_ns=arrival.moment.monotonic_ns,
            )
        if problem is not None:
            return RefusedCommand(
                problem=problem,
                command_id=parsed.envelope.id,
                name=parsed.name,
                sender=key.name,
                wants_reply=parsed.envelope.replyto == self._reply_topic(parsed.name),
            )
        self._memory.note(
            key_id=key.key_id,
            nonce=parsed.envelope.id,
            sequence=int(parsed.envelope.sequence),
            expires_ns=expires_ns,
        )
        return AcceptedCommand(
            command_id=parsed.envelope.id,
            name=parsed.name,
            data=parsed.data,
            key=key,
            issued_utc=parsed.envelope.issued_utc,
            expires_ns=expires_ns,
            wants_reply=parsed.envelope.replyto is not None,
        )

    def _address_problem(self, arrival: Arrival, parsed: ParsedCommand) -> CommandProblem | None:
        envelope, identity = parsed.envelope, self._identity
        reply_topic = self._reply_topic(parsed.name)
        problem = None
        if (envelope.site, envelope.gate) != (identity.site, identity.gate):
            problem = CommandProblem.OTHER_GATE
        elif arrival.message.topic != identity.topics.command(parsed.name.value).topic:
            problem = CommandProblem.OTHER_TOPIC
        elif envelope.replyto not in (None, reply_topic):
            problem = CommandProblem.OTHER_REPLY
        elif isinstance(parsed.data, ClaimCommandV1) and parsed.data.access_point != identity.access_point:
            problem = CommandProblem.OTHER_DOOR
        elif envelope.bootid != identity.boot_id:
            problem = CommandProblem.OTHER_BOOT
        return problem

    def _reply_topic(self, name: CommandName) -> str:
        return self._identity.topics.response(name.value).topic


def _signature_problem(parsed: ParsedCommand, key: CommandKey | None) -> CommandProblem | None:
    """Return why the key that a command names does not vouch for it."""
    envelope = parsed.envelope
    if key is None:
        return CommandProblem.UNKNOWN_KEY
    if parsed.name not in key.commands:
        return CommandProblem.NOT_ALLOWED
    try:
        signature = base64.b64decode(envelope.signature, validate=True)
        verify(parsed.signed, signature, public_key=key.public_key, context=SIGNATURE_CONTEXT)
    except (TrustError, ValueError):
        return CommandProblem.FORGED
    return None if envelope.source == source_of(envelope.site, key.key_id) else CommandProblem.MALFORMED


def _time_problem(moment: Moment, parsed: ParsedCommand) -> CommandProblem | None:
    """Return why a command must not be taken at the moment when it came."""
    if isinstance(moment.utc, CommandProblem):
        return moment.utc
    issued, expires = parsed.envelope.issued_utc, parsed.envelope.expires_utc
    if expires - issued > LONGEST_LIFE:
        return CommandProblem.TOO_LONG_LIVED
    if issued - moment.utc > CLOCK_SKEW:
        return CommandProblem.FUTURE
    return CommandProblem.STALE if moment.utc >= expires or expires <= issued else None


def _expires_ns(moment: Moment, parsed: ParsedCommand) -> int:
    """Return when a command ends on the monotonic clock, which nobody can set back while it waits."""
    if isinstance(moment.utc, CommandProblem):
        return moment.monotonic_ns
    left = parsed.envelope.expires_utc - moment.utc
    return moment.monotonic_ns + left // dt.timedelta(microseconds=1) * 1_000


def source_of(site: str, key_id: str) -> str:
    """Return the CloudEvents ``source`` of a sender."""
    return f"/egate/{site}/sender/{key_id}"
