"""Checkpoints of an audit chain, as ``audit verify`` reads them from files that anybody may have written."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

from edge.domain.audit import AuditHead
from edge.trust.canonical import canonical_json
from edge.trust.checkpoint import read_checkpoints, sign_checkpoint
from redteam.fuzzing.mutate import mutated, mutated_json
from redteam.fuzzing.target import Target, promise
from redteam.fuzzing.targets.examples import IDENTITY, SIGNER

_HEAD = AuditHead(chain_id=f"{7:032x}", seq=45, hash=bytes(range(32)))
_SIGNED = sign_checkpoint(_HEAD, IDENTITY.source, SIGNER, dt.datetime(2026, 3, 14, 12, tzinfo=dt.UTC))


def _lines() -> list[bytes]:
    line = json.dumps(_SIGNED.document())
    logged = json.dumps({"event": "audit.checkpoint_signed", "checkpoint": _SIGNED.document()})
    told = json.dumps({"event": "audit.checkpoint_signed", "checkpoint": line})
    return [text.encode() for text in (line, logged, told, f"{line}\n\n{logged}\n")]


def _prepare(_: Path) -> Callable[[bytes], None]:
    genuine = canonical_json(_SIGNED.statement())

    def run(data: bytes) -> None:
        for checkpoint in read_checkpoints(data.decode("utf-8", "replace")):
            checkpoint.refuse_unsigned((SIGNER.public_key,))
            promise(canonical_json(checkpoint.statement()) == genuine, "a checkpoint was believed that nobody signed")

    return run


CHECKPOINTS = Target(name="checkpoints", corpus=_lines, prepare=_prepare, mutations=(mutated, mutated_json))
