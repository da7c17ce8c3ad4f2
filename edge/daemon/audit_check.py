"""Is an audit chain whole? Of a state folder, or in files on any machine; against checkpoints that left the gate."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.domain.errors import StoreError, TrustError
from edge.store.audit_chain import Anchor, ChainReport, ChainWalk
from edge.store.chain_file import ChainFile
from edge.store.ledger import Ledger
from edge.trust.checkpoint import Checkpoint, read_checkpoints

_MOST_BYTES: Final = 64 * 2**20


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What checking a chain found.

    Attributes:
        report: of its rows.
        checkpoints: how many signed checkpoints it was held against.
    """

    report: ChainReport
    checkpoints: int


def checkpoints_in(files: Iterable[Path]) -> tuple[Checkpoint, ...]:
    """Return the checkpoints in some files, unproven.

    Raises:
        StoreError: a file cannot be read.
        TrustError: a line is no checkpoint.
    """
    found: list[Checkpoint] = []
    for file in files:
        try:
            with file.open("rb") as opened:
                text = opened.read(_MOST_BYTES).decode("utf-8")
        except UnicodeDecodeError as error:
            raise TrustError(f"{file} is not UTF-8", hint="give checkpoints, one JSON object a line") from error
        except OSError as error:
            raise _unreadable(file, error) from error
        found += read_checkpoints(text)
    return tuple(found)


def check_ledger(ledger: Ledger, checkpoints: Sequence[Checkpoint], keys: Sequence[bytes]) -> AuditVerdict:
    """Check the chain of a state folder.

    Args:
        ledger: of that folder.
        checkpoints: what the gate signed before; each must hold.
        keys: public keys, 32 raw bytes, that the gate signed with.

    Raises:
        TrustError: a checkpoint was signed by none of the keys.
        StoreError: the chain cannot be read.
    """
    return AuditVerdict(ledger.verify_chain(anchors_of(checkpoints, keys)), len(checkpoints))


def check_files(files: Sequence[Path], checkpoints: Sequence[Checkpoint], keys: Sequence[bytes]) -> AuditVerdict:
    """Check exported files, or closed segments, one after the other; each must go on where the last one ended.

    The checkpoint at a file's end counts where keys were given. Without one at the end of the last file, rows may be
    missing there.

    Args:
        files: in order.
        checkpoints: further ones.
        keys: public keys, 32 raw bytes, that the gate signed with; none = signatures are not looked at, and
            ``checkpoints`` must be empty.

    Raises:
        TrustError: a file is none of an audit chain, or a checkpoint was signed by none of the keys.
        StoreError: a file cannot be read.
    """
    walk: ChainWalk | None = None
    proven = 0
    for path in files:
        with ExitStack() as stack:
            try:
                file = ChainFile(stack.enter_context(path.open("rb")), path.name)
                if walk is None:
                    start = (file.head.first_seq - 1, file.head.previous_hash)
                    walk = ChainWalk(file.head.chain_id, start, anchors_of(checkpoints, keys))
                report = _walk_file(walk, file)
            except OSError as error:
                raise _unreadable(path, error) from error
        if report is None and file.checkpoint is not None and keys:
            (anchor,) = anchors_of((file.checkpoint,), keys)
            report = _at_end(walk, anchor)
            proven += 1
        if report is not None:
            return AuditVerdict(report, len(checkpoints) + proven)
    if walk is None:
        raise TrustError("no file was given", hint="name the files of 'edge-gate audit export'")
    return AuditVerdict(walk.end(), len(checkpoints) + proven)


def anchors_of(checkpoints: Iterable[Checkpoint], keys: Sequence[bytes]) -> tuple[Anchor, ...]:
    """Return what checkpoints say, once their signatures hold.

    Raises:
        TrustError: one was signed by none of the keys.
    """
    anchors = []
    for checkpoint in checkpoints:
        checkpoint.refuse_unsigned(keys)
        anchors.append(
            Anchor(
                chain_id=checkpoint.chain,
                seq=checkpoint.sequence,
                hash=checkpoint.hash,
                said_by=f"the checkpoint of {checkpoint.time}",
            )
        )
    return tuple(anchors)


def _walk_file(walk: ChainWalk, file: ChainFile) -> ChainReport | None:
    head = file.head
    if (head.chain_id, head.first_seq - 1, head.previous_hash) != (walk.chain_id, walk.held, walk.head_hash):
        return walk.fault(f"{file.name} does not go on where the rows before it end")
    for record in file.records():
        report = walk.take(record)
        if report is not None:
            return report
    return None


def _at_end(walk: ChainWalk, anchor: Anchor) -> ChainReport | None:
    if (anchor.chain_id, anchor.seq, anchor.hash) == (walk.chain_id, walk.held, walk.head_hash):
        return None
    if anchor.chain_id == walk.chain_id and anchor.seq > walk.held:
        return walk.fault(f"it is missing: {anchor.said_by} says {anchor.seq} rows")
    return walk.fault(f"{anchor.said_by} at the file's end is of other rows", seq=max(1, min(anchor.seq, walk.held)))


def _unreadable(path: Path, error: OSError) -> StoreError:
    return StoreError(f"{path} cannot be read: {error.strerror}", hint="name a file that this user may read")
