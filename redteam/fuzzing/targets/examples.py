"""The published examples of messages, and the key that they are signed with, which everybody knows."""

import base64
import json
import zlib
from pathlib import Path

from edge.messaging.envelope import canonical
from edge.messaging.identity import GateIdentity
from edge.trust.signing import Signer

_FOLDER = Path(__file__).parents[3] / "docs" / "reference" / "messages" / "examples"

SIGNER = Signer(bytes(range(32)))
STRANGER = Signer(b"a key that nobody lists, of 32 b")
IDENTITY = GateIdentity("north", "lobby", "front-door", "5f2c9a1be04d7733")


def examples(*type_beginnings: str) -> list[bytes]:
    """Return the examples whose CloudEvents ``type`` begins so."""
    payloads = [path.read_bytes() for path in sorted(_FOLDER.glob("*.json"))]
    return [one for one in payloads if str(json.loads(one).get("type", "")).startswith(type_beginnings)]


def choice_of(data: bytes, choices: int) -> int:
    """Return a number below ``choices`` that depends on the input alone."""
    return zlib.crc32(data) % choices


def signed_anew(payload: bytes, signer: Signer, context: str) -> bytes:
    """Return ``payload`` with a signature of ``signer`` that holds for it; unchanged if it has no canonical form."""
    try:
        event = json.loads(payload)
        body = {name: value for name, value in event.items() if name != "signature"}
        signature = base64.b64encode(signer.sign(canonical(body), context=context)).decode("ascii")
        return json.dumps({**body, "signature": signature}).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError, AttributeError, TypeError):
        return payload


def body_of(payload: bytes) -> bytes:
    """Return what a signature of ``payload`` must be over."""
    return canonical({name: value for name, value in json.loads(payload).items() if name != "signature"})
