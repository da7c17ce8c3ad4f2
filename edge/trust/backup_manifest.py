"""What a backup of a gate's state says of itself, signed by the gate: its files, and where its audit chain ends."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edge.domain.errors import TrustError
from edge.trust.canonical import canonical_json
from edge.trust.checkpoint import Checkpoint, checkpoint_from
from edge.trust.signing import Signer, verify

FORMAT: Final = "egate-state-1"
_CONTEXT: Final = "egate-state-backup-v1"
_NAME = re.compile(r"gate\.sqlite3|audit/audit-[0-9]{12}-[0-9]{12}\.jsonl", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class BackupManifest:
    """What is in a backup.

    Attributes:
        checkpoint: where the chain ends in it, and when it was made.
        files: sha256 of each file, hexadecimal, by its name in the state folder.
    """

    checkpoint: Checkpoint
    files: Mapping[str, str]


def signed_manifest(manifest: BackupManifest, signer: Signer) -> bytes:
    """Return the manifest as JSON with its signature."""
    statement = _statement(manifest)
    signature = signer.sign(canonical_json(statement), context=_CONTEXT)
    return canonical_json({**statement, "signature": base64.b64encode(signature).decode("ascii")})


def read_manifest(content: bytes, public_key: bytes) -> BackupManifest:
    """Return the manifest in ``content`` once its signature holds.

    Raises:
        TrustError: it is none, or another key than ``public_key``, 32 raw bytes, signed it.
    """
    try:
        document = json.loads(content)
        signature = base64.b64decode(document.pop("signature"), validate=True)
        files = dict(document["files"])
        form = document["format"]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error) as error:
        raise _no_backup("its manifest cannot be read") from error
    if form != FORMAT or not all(_is_file(name, digest) for name, digest in files.items()):
        raise _no_backup("its manifest is not as the gate writes it")
    manifest = BackupManifest(checkpoint_from(document), files)
    verify(canonical_json(_statement(manifest)), signature, public_key=public_key, context=_CONTEXT)
    manifest.checkpoint.refuse_unsigned([public_key])
    return manifest


def _statement(manifest: BackupManifest) -> dict[str, object]:
    return {"format": FORMAT, "checkpoint": manifest.checkpoint.document(), "files": dict(manifest.files)}


def _is_file(name: object, digest: object) -> bool:
    return (
        isinstance(name, str)
        and isinstance(digest, str)
        and _NAME.fullmatch(name) is not None
        and _HASH.fullmatch(digest) is not None
    )


def _no_backup(why: str) -> TrustError:
    return TrustError(f"this is no backup of a gate's state: {why}", hint="give a file of 'edge-gate state backup'")
