"""Closed segments: the oldest rows of the audit chain move to files, and the chain goes on from their last hash.

A file is on disk, read back and checked before its rows leave the database, in the transaction that closes the
segment. A kill in between leaves a draft that nothing knows of, or a file that the next try writes again. The
database keeps the sha256 of each file and its last hash, so a file that is gone, altered or exchanged is found.
"""

import hashlib
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from edge.domain.audit import AuditHead, AuditRecord
from edge.domain.errors import StoreError, TrustError
from edge.store.audit_chain import NO_HASH, ChainReport, ChainWalk
from edge.store.chain_file import ChainFile, ChainFileHead, file_name, folder_of, lines_of
from edge.store.database import Database, altered
from edge.trust.checkpoint import Checkpoint
from edge.trust.file_writing import move_durably, private_folder, stream_private_file

_SEGMENTS: Final = "SELECT first_seq, last_seq, last_hash, sha256 FROM audit_segment ORDER BY first_seq"
_LAST: Final = "SELECT last_seq, last_hash FROM audit_segment ORDER BY first_seq DESC LIMIT 1"

Seal = Callable[[AuditHead], Checkpoint]
"""Signs where a segment ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A closed piece of the chain.

    Attributes:
        first_seq: of its first row.
        last_seq: of its last row.
        last_hash: of its last row; the next one goes on from it.
        sha256: of its file.
        file: where that lies.
    """

    first_seq: int
    last_seq: int
    last_hash: bytes
    sha256: bytes
    file: Path


@final
class AuditSegments:
    """Closes segments, and reads them. Threads: as ``Database``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> tuple[Segment, ...]:
        """Return every closed segment, oldest first.

        Raises:
            StoreError: SQLite failed.
        """
        return tuple(_segment(row, self._database.path) for row in self._database.read(_SEGMENTS))

    def rows(self) -> int:
        """Return how many rows are in the database still.

        Raises:
            StoreError: SQLite failed.
        """
        ((count,),) = self._database.read("SELECT coalesce(max(seq) - min(seq) + 1, 0) FROM audit")
        return int(count)

    def close(self, most_rows: int, seal: Seal) -> Segment | None:
        """Close a segment of the oldest rows; return it, or None where there are none to move.

        A row whose message still waits in the outbox stays, and so do all rows after it and the last row of all.

        Args:
            most_rows: how many rows at most.
            seal: signs where the segment ends.

        Raises:
            StoreError: the disk is full, or SQLite failed; the chain is as before.
            TrustError: a row is not what was recorded: nothing is moved, look with ``edge-gate audit verify``.
        """
        ((chain_id, head_seq),) = self._database.read("SELECT chain_id, head_seq FROM chain")
        closed, previous_hash = (self._database.read(_LAST) or [(0, NO_HASH)])[0]
        ((waiting,),) = self._database.read("SELECT min(seq) FROM outbox")
        last_seq = min(closed + most_rows, head_seq - 1, head_seq if waiting is None else waiting - 1)
        if last_seq <= closed:
            return None
        head = ChainFileHead(chain_id=chain_id, first_seq=closed + 1, previous_hash=previous_hash)
        walk = ChainWalk(chain_id, (closed, previous_hash))
        folder = private_folder(folder_of(self._database.path))
        draft = folder / f".{file_name(closed + 1, last_seq)}.{secrets.token_hex(8)}"
        digest = hashlib.sha256()
        try:
            lines = self._lines(walk, head, last_seq, seal)
            stream_private_file(draft, _digesting(lines, digest), may_replace=False)
            _refuse_miswritten(draft, digest.digest())
            return self._move(
                Segment(
                    first_seq=closed + 1,
                    last_seq=last_seq,
                    last_hash=walk.head_hash,
                    sha256=digest.digest(),
                    file=folder / file_name(closed + 1, last_seq),
                ),
                draft,
            )
        finally:
            draft.unlink(missing_ok=True)

    def _move(self, segment: Segment, draft: Path) -> Segment:
        """Put the file in its place and take its rows out of the database, in one transaction."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO audit_segment (first_seq, last_seq, last_hash, sha256) VALUES (?, ?, ?, ?)",
                (segment.first_seq, segment.last_seq, segment.last_hash, segment.sha256),
            )
            connection.execute("DELETE FROM audit WHERE seq <= ?", (segment.last_seq,))
            # Within the transaction: a process that closes the same segment at the same time got no further than the
            # first statement, so the file in its place is always the one whose hash is kept.
            move_durably(draft, segment.file)
        return segment

    def _lines(self, walk: ChainWalk, head: ChainFileHead, last_seq: int, seal: Seal) -> Iterator[bytes]:
        yield from lines_of(head, self._checked(walk, last_seq))
        end = AuditHead(chain_id=head.chain_id, seq=walk.held, hash=walk.head_hash)
        *_, last = lines_of(head, (), seal(end))
        yield last

    def _checked(self, walk: ChainWalk, last_seq: int) -> Iterator[AuditRecord]:
        while walk.held < last_seq:
            rows = self._database.read(
                "SELECT seq, previous_hash, body, hash FROM audit WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT 200",
                (walk.held, last_seq),
            )
            if not rows:
                raise altered(f"audit row {walk.held + 1} is missing")
            for seq, previous_hash, body, own_hash in rows:
                record = AuditRecord(seq=seq, previous_hash=previous_hash, body=body, hash=own_hash)
                report = walk.take(record)
                if report is not None:
                    raise altered(f"audit row {report.fault_seq}: {report.detail}")
                yield record


def walk_segments(walk: ChainWalk, connection: sqlite3.Connection, database: Path) -> ChainReport | None:
    """Walk over every closed segment; return the report of the first thing that does not hold, else None.

    Raises:
        sqlite3.Error: SQLite failed.
    """
    for segment in segments_in(connection, database):
        report = _walk_one(walk, segment)
        if report is not None:
            return report
    return None


def segments_in(connection: sqlite3.Connection, database: Path) -> tuple[Segment, ...]:
    """Return every closed segment as one snapshot sees them, oldest first.

    Raises:
        TrustError: a row of them is none that the gate wrote.
        sqlite3.Error: SQLite failed.
    """
    return tuple(_segment(row, database) for row in connection.execute(_SEGMENTS))


def segment_records(segment: Segment) -> Iterator[AuditRecord]:
    """Yield the rows of a closed segment, unchecked.

    Raises:
        TrustError: the file is no piece of a chain.
        StoreError: it cannot be read.
    """
    try:
        with segment.file.open("rb") as opened:
            yield from ChainFile(opened, segment.file.name).records()
    except OSError as error:
        raise StoreError(
            f"the audit segment {segment.file} cannot be read: {error.strerror}",
            hint="put it back from a copy: the chain does not hold without it",
        ) from error


def _walk_one(walk: ChainWalk, segment: Segment) -> ChainReport | None:
    first_seq = walk.held + 1
    if segment.first_seq != first_seq:
        return walk.fault(f"the next closed segment begins at row {segment.first_seq}")
    try:
        with segment.file.open("rb") as opened:
            file = ChainFile(opened, segment.file.name)
            if (file.head.chain_id, file.head.first_seq) != (walk.chain_id, first_seq):
                return walk.fault(f"{file.name} is another segment")
            for record in file.records():
                report = walk.take(record)
                if report is not None:
                    return report
    except (OSError, TrustError) as error:
        return walk.fault(f"its closed segment {segment.file.name} cannot be read: {error}")
    if (walk.held, walk.head_hash) != (segment.last_seq, segment.last_hash):
        return walk.fault(f"the closed segment was said to end at row {segment.last_seq}")
    if file.sha256 != segment.sha256:
        return walk.fault(f"{file.name} is not the file that was written, though its rows hold", seq=first_seq)
    return None


def _segment(row: tuple[int, int, bytes, bytes], database: Path) -> Segment:
    first_seq, last_seq, last_hash, sha256 = row
    if not isinstance(last_seq, int):
        raise altered("a closed segment of the audit chain does not say where it ends")
    return Segment(
        first_seq=first_seq,
        last_seq=last_seq,
        last_hash=last_hash,
        sha256=sha256,
        file=folder_of(database) / file_name(first_seq, last_seq),
    )


def _digesting(lines: Iterator[bytes], digest: "hashlib._Hash") -> Iterator[bytes]:
    for line in lines:
        digest.update(line)
        yield line


def _refuse_miswritten(draft: Path, sha256: bytes) -> None:
    """Read a file back before its rows leave the database: they are nowhere else then."""
    found = hashlib.sha256()
    try:
        with draft.open("rb") as file:
            while piece := file.read(1 << 20):
                found.update(piece)
    except OSError as error:
        raise StoreError(
            f"the audit segment {draft} cannot be read back: {error.strerror}", hint="check the disk"
        ) from error
    if found.digest() != sha256:
        raise StoreError(f"the audit segment {draft} is not what was written", hint="check the disk")
