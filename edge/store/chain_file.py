r"""A piece of the audit chain as JSON Lines: a closed segment, or an export for somebody else's machine.

First a line that says which chain and after which row it begins, then a row a line, last, where there is one, a
signed checkpoint. ``body`` is the text that was hashed, so that anybody can count a row's hash again:
``sha256("egate-audit-v1\0" + previous_hash + body)``.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeGuard

from edge.domain.audit import AuditRecord
from edge.domain.errors import TrustError
from edge.trust.checkpoint import Checkpoint, checkpoint_from

FORMAT: Final = "egate-audit-1"
_LONGEST_LINE = 1 << 20
_CHAIN = re.compile(r"[0-9a-f]{32}", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFileHead:
    """The first line.

    Attributes:
        chain_id: which chain.
        first_seq: of the first row; its number, even if there is none.
        previous_hash: of the row before it, 32 bytes; zeros before the first of all.
    """

    chain_id: str
    first_seq: int
    previous_hash: bytes


def lines_of(
    head: ChainFileHead, records: Iterable[AuditRecord], checkpoint: Checkpoint | None = None
) -> Iterator[bytes]:
    """Yield the lines of a file, each with its line end.

    Args:
        head: of which chain, and where it begins.
        records: rows, in order.
        checkpoint: of the last row; None = nobody signs.
    """
    yield _line(
        {
            "format": FORMAT,
            "chain": head.chain_id,
            "first_seq": head.first_seq,
            "previous_hash": head.previous_hash.hex(),
        }
    )
    for record in records:
        yield _line(
            {
                "seq": record.seq,
                "previous_hash": record.previous_hash.hex(),
                "body": record.body.decode("utf-8"),
                "hash": record.hash.hex(),
            }
        )
    if checkpoint is not None:
        yield _line({"checkpoint": checkpoint.document()})


class ChainFile:
    """Reads one file, once, line by line.

    Attributes:
        name: of the file, for messages.
        head: its first line.
        checkpoint: its last one, after all rows were read; None = there was none.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Read the first line of ``file``.

        Raises:
            TrustError: it is no file of ours.
            OSError: it cannot be read.
        """
        self.name = name
        self.checkpoint: Checkpoint | None = None
        self._file = file
        self._digest = hashlib.sha256()
        self._number = 0
        first = self._next()
        if first is None or first.get("format") != FORMAT:
            raise self._fault("it is no piece of an audit chain")
        chain_id, seq, previous = first.get("chain"), first.get("first_seq"), first.get("previous_hash")
        if not (_matches(chain_id, _CHAIN) and _is_seq(seq) and _matches(previous, _HASH)):
            raise self._fault("it does not say where it begins")
        self.head = ChainFileHead(chain_id=chain_id, first_seq=seq, previous_hash=bytes.fromhex(previous))

    def records(self) -> Iterator[AuditRecord]:
        """Yield the rows, unchecked.

        Raises:
            TrustError: a line is none of a row, or follows the checkpoint.
            OSError: it cannot be read.
        """
        while (line := self._next()) is not None:
            if self.checkpoint is not None:
                raise self._fault("something follows its checkpoint")
            if "checkpoint" in line:
                self.checkpoint = checkpoint_from(line)
                continue
            yield self._record(line)

    @property
    def sha256(self) -> bytes:
        """Of all that was read, 32 bytes."""
        return self._digest.digest()

    def _record(self, line: dict[str, Any]) -> AuditRecord:
        seq, body = line.get("seq"), line.get("body")
        previous, own = line.get("previous_hash"), line.get("hash")
        if not (_is_seq(seq) and isinstance(body, str) and _matches(previous, _HASH) and _matches(own, _HASH)):
            raise self._fault("it is no row")
        try:
            return AuditRecord(
                seq=seq, previous_hash=bytes.fromhex(previous), body=body.encode(), hash=bytes.fromhex(own)
            )
        except UnicodeEncodeError as error:
            raise self._fault("its body is no text") from error

    def _next(self) -> dict[str, Any] | None:
        self._number += 1
        raw = self._file.readline(_LONGEST_LINE)
        self._digest.update(raw)
        if not raw:
            return None
        try:
            line = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise self._fault("it is not JSON") from error
        if not isinstance(line, dict):
            raise self._fault("it is no JSON object")
        return line

    def _fault(self, what: str) -> TrustError:
        return TrustError(
            f"{self.name}, line {self._number}: {what}",
            hint="keep the file for inspection, and get it again from where it was written",
        )


def file_name(first_seq: int, last_seq: int) -> str:
    """Return what the file of a closed segment is called."""
    return f"audit-{first_seq:012d}-{last_seq:012d}.jsonl"


def folder_of(database: Path) -> Path:
    """Return the folder of closed segments beside a database."""
    return database.parent / "audit"


def _line(values: dict[str, object]) -> bytes:
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _is_seq(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _matches(value: object, pattern: re.Pattern[str]) -> TypeGuard[str]:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
