"""Signed checkpoints: what a gate said at one moment of how long its audit chain is and where it ends.

A chain alone cannot show that its end was cut off, or that all of it was written anew. A checkpoint that left the
device before can: whoever holds one proves to anybody with the gate's public key which rows there were.
"""

import base64
import binascii
import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from edge.domain.audit import AuditHead
from edge.domain.errors import TrustError
from edge.trust.canonical import canonical_json
from edge.trust.signing import Signer, key_id, verify

CONTEXT: Final = "egate-audit-head-v1"
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_FIELDS: Final = frozenset({"chain", "sequence", "head", "source", "time", "key_id", "signature"})
_LONGEST_LINE = 4_096
_MOST = 2**53 - 1
_HINT = "give a message of the gate's topic state/audit-head, or its log lines 'audit.checkpoint_signed'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A checkpoint and its signature; whether that holds is asked with ``refuse_unsigned``.

    Attributes:
        chain: id of the chain.
        sequence: of its last row then.
        head: hash of that row, 64 hexadecimal digits.
        source: which gate, as in its events.
        time: when, RFC 3339 in UTC.
        key_id: which key signed.
        signature: base64 of the Ed25519 signature over the canonical JSON of all the others.
    """

    chain: str
    sequence: int
    head: str
    source: str
    time: str
    key_id: str
    signature: str

    @property
    def hash(self) -> bytes:
        """``head`` as 32 bytes."""
        return bytes.fromhex(self.head)

    def document(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {**self.statement(), "signature": self.signature}

    def refuse_unsigned(self, public_keys: Iterable[bytes]) -> None:
        """Return if one of the keys, 32 raw bytes each, signed it.

        Raises:
            TrustError: none did.
        """
        try:
            signature = base64.b64decode(self.signature, validate=True)
        except (ValueError, binascii.Error) as error:
            raise _no_checkpoint("its signature is not base64") from error
        for public_key in public_keys:
            if key_id(public_key) == self.key_id:
                verify(canonical_json(self.statement()), signature, public_key=public_key, context=CONTEXT)
                return
        raise TrustError(
            f"the checkpoint of {self.time} was signed by key {self.key_id}, which is none of those that were given",
            hint="give the gate's public key of that time with --public-key; 'edge-gate check --only key' shows it",
        )

    def statement(self) -> dict[str, object]:
        """Return what is signed, as JSON values."""
        return {
            "chain": self.chain,
            "sequence": self.sequence,
            "head": self.head,
            "source": self.source,
            "time": self.time,
            "key_id": self.key_id,
        }


def sign_checkpoint(head: AuditHead, source: str, signer: Signer, now_utc: dt.datetime) -> Checkpoint:
    """Return the checkpoint of ``head``, signed.

    Args:
        head: where the chain ends.
        source: which gate.
        signer: its key.
        now_utc: now, timezone-aware.
    """
    unsigned = Checkpoint(
        chain=head.chain_id,
        sequence=head.seq,
        head=head.hash.hex(),
        source=source,
        time=now_utc.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        key_id=signer.key_id,
        signature="",
    )
    signature = signer.sign(canonical_json(unsigned.statement()), context=CONTEXT)
    return replace(unsigned, signature=base64.b64encode(signature).decode("ascii"))


def read_checkpoints(text: str) -> tuple[Checkpoint, ...]:
    """Return the checkpoints in ``text``: one JSON object a line, as published, as logged or as exported.

    A log line carries it as the value, or the text, of ``checkpoint``. Empty lines are passed over. Nothing is
    believed yet: see ``Checkpoint.refuse_unsigned``.

    Raises:
        TrustError: a line is no checkpoint, or there is none at all.
    """
    found = tuple(checkpoint_from(_object(line)) for line in text.splitlines() if line.strip())
    if not found:
        raise _no_checkpoint("it is empty")
    return found


def checkpoint_from(document: object) -> Checkpoint:
    """Return the checkpoint in a JSON object, or in its ``checkpoint``.

    Raises:
        TrustError: there is none.
    """
    if isinstance(document, Mapping) and "checkpoint" in document:
        inner = document["checkpoint"]
        document = _object(inner) if isinstance(inner, str) else inner
    if not isinstance(document, Mapping) or not document.keys() >= _FIELDS:
        raise _no_checkpoint("it lacks fields of one")
    values = {name: document[name] for name in _FIELDS}
    sequence = values.pop("sequence")
    if not isinstance(sequence, int) or isinstance(sequence, bool) or not 0 <= sequence <= _MOST:
        raise _no_checkpoint("its sequence is no count")
    if not all(isinstance(value, str) for value in values.values()) or not _HASH.fullmatch(values["head"]):
        raise _no_checkpoint("a field is not as the gate writes it")
    return Checkpoint(sequence=sequence, **values)


def _object(line: str) -> object:
    try:
        return json.loads(line) if len(line) <= _LONGEST_LINE else None
    except (ValueError, RecursionError) as error:
        raise _no_checkpoint("it is not JSON") from error


def _no_checkpoint(why: str) -> TrustError:
    return TrustError(f"this is no checkpoint of an audit chain: {why}", hint=_HINT)
