"""Commands at a gate, and answers at whoever sends them."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

from edge.domain.command import CommandName
from edge.messaging.commands.examination import SIGNATURE_CONTEXT, AcceptedCommand, Arrival, Examiner
from edge.messaging.commands.keys import CommandKey, by_id
from edge.messaging.commands.signing import RESPONSE_CONTEXT, response_to
from edge.messaging.commands.time_of_day import Moment
from edge.messaging.wire import Incoming
from edge.trust.signing import Signer
from redteam.fuzzing.mutate import mutated, mutated_json
from redteam.fuzzing.target import Target, promise
from redteam.fuzzing.targets.examples import (
    IDENTITY,
    SIGNER,
    STRANGER,
    body_of,
    choice_of,
    examples,
    signed_anew,
)

_NOON = dt.datetime(2026, 3, 14, 12, 0, 1, tzinfo=dt.UTC)
_READER = Signer(b"a key for claims alone, 32 bytes")
_KEYS = by_id(
    (
        CommandKey(public_key=SIGNER.public_key, name="console", commands=frozenset(CommandName)),
        CommandKey(public_key=_READER.public_key, name="reader", commands=frozenset({CommandName.CLAIM})),
    )
)


def _commands() -> list[bytes]:
    return [one for one in examples("io.egate.command.") if b"command-response" not in one]


def _prepare_commands(_: Path) -> Callable[[bytes], None]:
    genuine = {body_of(one) for one in _commands()}

    def run(data: bytes) -> None:
        """As it is; signed by a stranger; signed by a reader in its own name; to be kept."""
        mode = choice_of(data, 4)
        payload = data
        if mode == 1:
            payload = signed_anew(data, STRANGER, SIGNATURE_CONTEXT)
        elif mode == 2:
            payload = signed_anew(_in_the_name_of(data, _READER), _READER, SIGNATURE_CONTEXT)
        topic = IDENTITY.topics.command(_name_in(payload)).topic
        outcome = Examiner(IDENTITY, _KEYS).examine(Arrival(Incoming(topic, payload, mode == 3), Moment(1, _NOON)))
        if not isinstance(outcome, AcceptedCommand):
            return
        promise(mode in (0, 2), "a command was taken that is retained, or signed by nobody that is known")
        if mode == 2:
            promise(outcome.name is CommandName.CLAIM, "a reader commanded what it may not")
            document = json.loads(payload)
            promise(
                (document["site"], document["gate"]) == (IDENTITY.site, IDENTITY.gate), "another gate's was taken"
            )
            promise(document["bootid"] == IDENTITY.boot_id, "one of an earlier start was taken")
        else:
            promise(body_of(payload) in genuine, "a command was taken that nobody signed")

    return run


def _in_the_name_of(data: bytes, signer: Signer) -> bytes:
    try:
        document = json.loads(data)
        own = {"keyid": signer.key_id, "source": f"/egate/{IDENTITY.site}/sender/{signer.key_id}"}
        return json.dumps({**document, **own}).encode("utf-8", "surrogatepass")
    except (ValueError, TypeError, RecursionError):
        return data


def _name_in(payload: bytes) -> str:
    return next((name.value for name in CommandName if f".{name.value}.".encode() in payload), "claim")


def _prepare_answers(_: Path) -> Callable[[bytes], None]:
    (original,) = examples("io.egate.command-response.")
    command_id = json.loads(original)["correlationid"]
    genuine = body_of(original)

    def run(data: bytes) -> None:
        is_stranger = choice_of(data, 2) == 1
        payload = signed_anew(data, STRANGER, RESPONSE_CONTEXT) if is_stranger else data
        if response_to(command_id, payload, gate_key=SIGNER.public_key) is not None:
            promise(body_of(payload) == genuine, "an answer was believed that the gate did not sign")

    return run


COMMANDS = Target(
    name="commands", corpus=_commands, prepare=_prepare_commands, mutations=(mutated, mutated_json), allowed=()
)
ANSWERS = Target(
    name="answers",
    corpus=lambda: examples("io.egate.command-response."),
    prepare=_prepare_answers,
    mutations=(mutated, mutated_json),
)
