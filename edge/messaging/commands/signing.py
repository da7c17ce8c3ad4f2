"""Making commands and answers, and believing answers. Pure functions; time, keys and random ids come in.

Signed is the RFC 8785 form without ``signature``, each bound to a context of its own: an answer is never a command.
"""

import base64
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from edge.domain.command import CommandName, CommandOutcome
from edge.domain.errors import TrustError
from edge.messaging.commands.examination import SIGNATURE_CONTEXT, source_of
from edge.messaging.commands.parsing import MOST_BYTES, json_object, type_of
from edge.messaging.commands.payloads import LONGEST_LIFE, AnyCommand, CommandResponseV1
from edge.messaging.commands.problems import CommandProblem
from edge.messaging.envelope import Signer, timestamp
from edge.messaging.identity import GateIdentity
from edge.messaging.topics import Topics
from edge.messaging.wording import one_line
from edge.trust.canonical import canonical_json
from edge.trust.signing import verify

RESPONSE_CONTEXT: Final = "egate-response-v1"
RESPONSE_TYPE: Final = "io.egate.command-response.v1"
_HINT = "somebody on the bus forges answers, or the gate's key was changed: look at the gate itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandTerms:
    """What makes a command good for one gate, once, for a moment.

    Attributes:
        boot_id: from the gate's birth certificate.
        command_id: 32 random hexadecimal digits.
        sequence: higher than that of every command before with this key and boot id.
        issued_utc: now.
        life: until it ends, at most ten seconds.
        wants_reply: whether the gate should answer.
    """

    boot_id: str
    command_id: str
    sequence: int
    issued_utc: dt.datetime
    life: dt.timedelta = LONGEST_LIFE
    wants_reply: bool = True


def signed_command(data: AnyCommand, topics: Topics, signer: Signer, terms: CommandTerms) -> bytes:
    """Return a command ready to publish at ``topics.command(data.name)``.

    Args:
        data: its payload.
        topics: of the gate that it is for.
        signer: the sender's key.
        terms: what it is good for.
    """
    event: dict[str, object] = {
        "specversion": "1.0",
        "id": terms.command_id,
        "source": source_of(topics.site, signer.key_id),
        "type": type_of(data.name),
        "site": topics.site,
        "gate": topics.gate,
        "bootid": terms.boot_id,
        "time": timestamp(terms.issued_utc),
        "expirytime": timestamp(terms.issued_utc + terms.life),
        "sequence": f"{terms.sequence:020d}",
        "keyid": signer.key_id,
        "dataschema": data.schema_urn,
        "datacontenttype": "application/json",
        "data": data.model_dump(mode="json"),
    }
    if terms.wants_reply:
        event["replyto"] = topics.response(data.name.value).topic
    return _signed(event, signer, SIGNATURE_CONTEXT)


def signed_response(
    response: CommandResponseV1,
    identity: GateIdentity,
    signer: Signer,
    *,
    command_id: str,
    response_id: str,
    now_utc: dt.datetime,
) -> bytes:
    """Return the gate's answer to the command ``command_id``, ready to publish at ``topics.response(name)``."""
    event: dict[str, object] = {
        "specversion": "1.0",
        "id": response_id,
        "source": identity.source,
        "type": RESPONSE_TYPE,
        "subject": identity.access_point,
        "time": timestamp(now_utc),
        "bootid": identity.boot_id,
        "correlationid": command_id,
        "keyid": signer.key_id,
        "dataschema": response.schema_urn,
        "datacontenttype": "application/json",
        "data": response.model_dump(mode="json"),
    }
    return _signed(event, signer, RESPONSE_CONTEXT)


def response_to(command_id: str, payload: bytes, *, gate_key: bytes | None) -> CommandResponseV1 | None:
    """Return the answer in ``payload`` if it is one to ``command_id``; None if it is something else.

    Args:
        command_id: of the command that was sent.
        payload: what came on the response topic.
        gate_key: the gate's public key, 32 raw bytes; None = the answer is taken unchecked.

    Raises:
        TrustError: it says that it is the answer, and the gate's signature does not hold.
    """
    document = json_object(payload, most_bytes=MOST_BYTES)
    if isinstance(document, CommandProblem) or document.get("correlationid") != command_id:
        return None
    if document.get("type") != RESPONSE_TYPE:
        return None
    if gate_key is not None:
        body = canonical_json({name: value for name, value in document.items() if name != "signature"})
        verify(body, _signature(document), public_key=gate_key, context=RESPONSE_CONTEXT)
    data = document.get("data")
    known = {name: data.get(name) for name in CommandResponseV1.model_fields} if isinstance(data, dict) else data
    try:
        return CommandResponseV1.model_validate(known)  # a newer gate may say more
    except ValidationError as error:
        raise TrustError("the gate's answer cannot be read", hint=_HINT) from error


def response_of(name: CommandName, outcome: CommandOutcome, detail: str) -> CommandResponseV1:
    """Return an answer's payload."""
    return CommandResponseV1(command=name, outcome=outcome, detail=one_line(detail))


def _signed(event: dict[str, object], signer: Signer, context: str) -> bytes:
    signature = signer.sign(canonical_json(event), context=context)
    return canonical_json({**event, "signature": base64.b64encode(signature).decode("ascii")})


def _signature(document: Mapping[str, object]) -> bytes:
    try:
        return base64.b64decode(str(document.get("signature", "")), validate=True)
    except ValueError as error:
        raise TrustError("the signature of the gate's answer is not base64", hint=_HINT) from error
