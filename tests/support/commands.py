"""Signed commands as a test wants them: whole, or with one thing about them wrong."""

import base64
import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from edge.domain.claim import Factor
from edge.domain.command import CommandName
from edge.messaging.commands.examination import SIGNATURE_CONTEXT
from edge.messaging.commands.keys import CommandKey
from edge.messaging.commands.payloads import AnyCommand, ClaimCommandV1
from edge.messaging.commands.signing import CommandTerms, signed_command
from edge.messaging.wire import Incoming
from edge.trust.canonical import canonical_json
from edge.trust.signing import Signer
from tests.support.messages import IDENTITY

SENDER = Signer(b"a badge reader's key of 32 bytes")
CLAIMS_ALONE = Signer(b"a key for claims alone, 32 bytes")
STRANGER = Signer(b"a key that nobody lists, of 32 b")
KEYS = {
    SENDER.key_id: CommandKey(public_key=SENDER.public_key, name="console", commands=frozenset(CommandName)),
    CLAIMS_ALONE.key_id: CommandKey(
        public_key=CLAIMS_ALONE.public_key, name="reader", commands=frozenset({CommandName.CLAIM})
    ),
}
CLAIM = ClaimCommandV1(subject="p-0123", factor=Factor.BADGE, access_point=IDENTITY.access_point)


class Commands:
    """Makes commands, each with a new id and sequence number."""

    def __init__(self, boot_id: str = IDENTITY.boot_id) -> None:
        self._boot_id = boot_id
        self._made = 0

    def make(
        self,
        issued_utc: dt.datetime,
        data: AnyCommand = CLAIM,
        *,
        signer: Signer = SENDER,
        sequence: int | None = None,
        change: Mapping[str, object] | None = None,
    ) -> bytes:
        """Return a command; ``change`` overrides attributes before it is signed, None takes one away."""
        self._made += 1
        terms = CommandTerms(
            boot_id=self._boot_id,
            command_id=f"{self._made:032x}",
            sequence=self._made if sequence is None else sequence,
            issued_utc=issued_utc,
        )
        payload = signed_command(data, IDENTITY.topics, signer, terms)
        return payload if change is None else signed_again(payload, change, signer)


def signed_again(payload: bytes, change: Mapping[str, object], signer: Signer) -> bytes:
    """Return a command with other attributes, and a signature that holds for them."""
    event: dict[str, Any] = {**json.loads(payload), **change}
    event = {name: value for name, value in event.items() if name != "signature" and value is not None}
    signature = base64.b64encode(signer.sign(canonical_json(event), context=SIGNATURE_CONTEXT))
    return canonical_json({**event, "signature": signature.decode("ascii")})


def incoming(payload: bytes, name: str = "claim", *, is_retained: bool = False) -> Incoming:
    """Return a message at the gate's topic for ``name``."""
    return Incoming(f"egate/v1/{IDENTITY.site}/{IDENTITY.gate}/cmd/{name}", payload, is_retained)
