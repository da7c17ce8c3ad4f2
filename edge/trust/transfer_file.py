"""A file of signed records, sealed to one recipient: none can be read, altered, dropped, added or put elsewhere.

A line that names the form, then frames: length (4 bytes, big-endian) and sealed content. The first frame is the head,
which says how many records follow. Each content is a signature (64 bytes) and canonical JSON that names the file, its
place in it and the recipient; so a recipient cannot pass it on as if it had been exported to somebody else.
"""

import json
import secrets
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from edge.domain.errors import TrustError
from edge.trust.canonical import canonical_json
from edge.trust.sealing import Recipient, seal_to
from edge.trust.signing import SIGNATURE_BYTES, Signer, verify

_FORM: Final = b"egate-transfer-v1\n"
_CONTEXT: Final = "egate-transfer-v1"
_LENGTH: Final = struct.Struct(">I")
MOST_RECORD_BYTES: Final = 256 * 2**20


def transfer_file(records: Sequence[Mapping[str, object]], *, to: bytes, signer: Signer) -> bytes:
    """Return the file.

    Args:
        records: JSON objects, in order.
        to: the recipient's public key, X25519, 32 raw bytes.
        signer: who vouches for them.

    Raises:
        UsageError: nobody has such a key.
        TrustError: a record has no canonical JSON form.
    """
    name = secrets.token_hex(16)
    contents: list[Mapping[str, object]] = [{"records": len(records)}, *records]
    frames = [_FORM]
    for place, content in enumerate(contents):
        body = canonical_json({"file": name, "place": place, "to": to.hex(), "content": dict(content)})
        sealed = seal_to(to, signer.sign(body, context=_CONTEXT) + body, info=_CONTEXT.encode())
        frames += [_LENGTH.pack(len(sealed)), sealed]
    return b"".join(frames)


def open_transfer_file(content: bytes, *, recipient: Recipient, by: bytes) -> Iterator[Mapping[str, object]]:
    """Yield the records of a file; use none before all of them came.

    Args:
        content: the whole file.
        recipient: whom it is sealed to.
        by: public key, Ed25519, of who must have signed it.

    Raises:
        TrustError: it is no such file, sealed to or signed by somebody else, altered, cut off, or too long.
    """
    frames = _frames(content)
    head = _opened(next(frames, b""), 0, None, recipient, by)
    count = _content(head).get("records")
    last = 0
    for last, sealed in enumerate(frames, start=1):
        yield _content(_opened(sealed, last, head["file"], recipient, by))
    if last != count:
        raise _cut_off(f"{last} of {count} records are there")


def _frames(content: bytes) -> Iterator[bytes]:
    if not content.startswith(_FORM):
        raise TrustError(
            "this is no file of 'edge-gate people export'", hint="name the file that was written by that command"
        )
    at = len(_FORM)
    while at < len(content):
        head = content[at : at + _LENGTH.size]
        if len(head) < _LENGTH.size:
            raise _cut_off("it ends within a record")
        (size,) = _LENGTH.unpack(head)
        at += _LENGTH.size
        if size > MOST_RECORD_BYTES or at + size > len(content):
            raise _cut_off("it ends within a record")
        yield content[at : at + size]
        at += size


def _opened(sealed: bytes, place: int, name: object, recipient: Recipient, by: bytes) -> Mapping[str, object]:
    signed = recipient.open(sealed, info=_CONTEXT.encode())
    signature, body = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
    verify(body, signature, public_key=by, context=_CONTEXT)
    fields = json.loads(body)  # whose signature holds writes nothing else
    if fields["to"] != recipient.public_key.hex():
        raise TrustError("it was exported to somebody else", hint="ask the gate that exported it for one of your own")
    if fields["place"] != place or (name is not None and fields["file"] != name):
        raise _cut_off("its records are not those of one file, in order")
    return dict(fields)


def _content(fields: Mapping[str, object]) -> Mapping[str, object]:
    content = fields["content"]
    if not isinstance(content, dict):
        raise _cut_off("a record is none")
    return content


def _cut_off(what: str) -> TrustError:
    return TrustError(f"the file was altered or cut off: {what}", hint="copy the whole file again, or export it anew")
