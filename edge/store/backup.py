"""A gate's state in one file: the database as of one moment, the closed segments of its chain, a signed manifest.

No key is in it. The file is an uncompressed tar whose first member is the manifest, so that a reader knows what may
follow, and that the gate said so, before it writes anything.
"""

import hashlib
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from edge.domain.audit import AuditHead
from edge.domain.errors import StoreError, TrustError, UsageError
from edge.store.audit_segments import segments_in
from edge.store.chain_file import folder_of
from edge.store.database import Database
from edge.store.ledger import Ledger
from edge.trust.backup_manifest import BackupManifest, read_manifest, signed_manifest
from edge.trust.checkpoint import Checkpoint
from edge.trust.file_writing import hint_of_room, private_folder, stream_private_file
from edge.trust.signing import Signer

MANIFEST: Final = "manifest.json"
_MOST_MANIFEST_BYTES: Final = 64 * 2**20
_PIECE_BYTES: Final = 1 << 20

Seal = Callable[[AuditHead], Checkpoint]
"""Signs where the chain in a backup ends."""


def write_backup(database: Database, file: Path, scratch: Path, seal: Seal, signer: Signer) -> BackupManifest:
    """Write the new file ``file``, mode 0600, once a copy of everything was read back and its chain holds.

    Args:
        database: of the gate; it may be in use.
        file: the backup.
        scratch: an empty private folder, with room for everything twice.
        seal: signs where the chain ends.
        signer: the gate's key.

    Raises:
        UsageError: there is such a file already.
        StoreError: something cannot be read or written.
        TrustError: the chain does not hold; nothing is written.
    """
    copy = scratch / "copy" / database.path.name
    try:
        private_folder(copy.parent)
        database.copy_to(copy)
        _copy_segments(database, copy)
        head = chain_end(copy)
        names = [copy, *sorted(folder_of(copy).glob("*"))]
        files = {str(each.relative_to(copy.parent)): _digest(each) for each in names}
        manifest = BackupManifest(seal(head), files)
        packed = scratch / "packed"
        _pack(packed, signed_manifest(manifest, signer), copy.parent, files)
        with packed.open("rb") as content:
            is_new = stream_private_file(file, iter(lambda: content.read(_PIECE_BYTES), b""), may_replace=False)
    except OSError as error:
        raise _failed(error, file) from error
    if not is_new:
        raise UsageError(f"{file} is there already", hint="name a new file")
    return manifest


def unpack_backup(file: Path, target: Path, public_key: bytes) -> BackupManifest:
    """Write what is in a backup into the empty private folder ``target``, once the gate's signature holds.

    Args:
        file: the backup.
        target: where to.
        public_key: of the gate, 32 raw bytes.

    Raises:
        TrustError: it is no backup of this gate, or not as it was written.
        StoreError: it cannot be read, or ``target`` not written.
    """
    try:
        with tarfile.open(file, "r:") as archive:
            members = iter(archive)
            manifest = read_manifest(_first(archive, next(members, None)), public_key)
            left = dict(manifest.files)
            for member in members:
                digest = left.pop(member.name, None)
                content = archive.extractfile(member) if digest is not None and member.isreg() else None
                if content is None or _unpack(content, target / member.name) != digest:
                    raise _altered(file)
    except (tarfile.TarError, EOFError) as error:
        raise _altered(file) from error
    except OSError as error:
        raise _failed(error, file) from error
    if left:
        raise _altered(file)
    return manifest


def chain_end(path: Path) -> AuditHead:
    """Return where the chain of a database that nobody uses ends, once all of it holds.

    Raises:
        TrustError: it does not hold.
        StoreError: it cannot be opened.
    """
    database = Database.open(path)
    try:
        ledger = Ledger(database)
        report = ledger.verify_chain()
        head = ledger.head()
    finally:
        database.close()
    if not report.is_whole:
        raise TrustError(
            f"the audit chain does not hold at row {report.fault_seq}: {report.detail}",
            hint="keep a copy of it for inspection, and take an older backup",
        )
    return head


def _copy_segments(database: Database, copy: Path) -> None:
    """Copy the segments that the copied database knows of; the gate never removes one."""
    opened = Database.open(copy)
    try:
        with opened.snapshot() as connection:
            segments = segments_in(connection, database.path)
    finally:
        opened.close()
    for segment in segments:
        shutil.copyfile(segment.file, private_folder(folder_of(copy)) / segment.file.name)


def _pack(packed: Path, manifest: bytes, folder: Path, names: dict[str, str]) -> None:
    with tarfile.open(packed, "x:") as archive:
        first = tarfile.TarInfo(MANIFEST)
        first.size = len(manifest)
        first.mode = 0o600
        with (folder / MANIFEST).open("xb+") as file:
            file.write(manifest)
            file.seek(0)
            archive.addfile(first, file)
        for name in names:
            archive.add(folder / name, arcname=name, recursive=False, filter=_without_owner)


def _without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _first(archive: tarfile.TarFile, member: tarfile.TarInfo | None) -> bytes:
    content = None
    if member is not None and member.name == MANIFEST and member.isreg() and member.size <= _MOST_MANIFEST_BYTES:
        content = archive.extractfile(member)
    if content is None:
        raise TrustError(
            "this is no backup of a gate's state: it has no manifest", hint="give a file of 'edge-gate state backup'"
        )
    return content.read()


def _unpack(content: IO[bytes], target: Path) -> str:
    """Write one file; return its sha256."""
    digest = hashlib.sha256()

    def pieces() -> Iterator[bytes]:
        while piece := content.read(_PIECE_BYTES):
            digest.update(piece)
            yield piece

    private_folder(target.parent)
    stream_private_file(target, pieces(), may_replace=False)
    return digest.hexdigest()


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _altered(file: Path) -> TrustError:
    return TrustError(
        f"the backup {file} is not as it was written", hint="take another copy of it, or an older backup"
    )


def _failed(error: OSError, file: Path) -> StoreError:
    return StoreError(
        f"the backup {file} failed: {error.strerror or error}",
        hint=hint_of_room(error) or "name a file in a folder that this user may read and write",
    )
