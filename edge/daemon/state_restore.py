"""Puts a backup in place of a gate's state: proven first, what was there kept aside, and told to everybody.

While files are moved a marker lies in the folder, and nothing opens a state with it: what a cut leaves in between
must never look like a gate that begins anew.
"""

import datetime as dt
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.audit import AuditHead
from edge.domain.clock import Clock
from edge.domain.errors import EdgeError, TrustError, UsageError
from edge.messaging.entries import anomaly_entry
from edge.messaging.identity import GateIdentity
from edge.store.backup import chain_end, unpack_backup
from edge.store.chain_file import folder_of
from edge.store.database import Database
from edge.store.ledger import Ledger
from edge.store.state import DATABASE_FILE, open_state
from edge.store.state_lock import sole_daemon
from edge.trust.checkpoint import Checkpoint
from edge.trust.file_writing import create_private_file, move_durably, private_folder, remove_durably
from edge.trust.keys import KeyRing

MARKER: Final = "restore.unfinished"
_PARTS: Final = (DATABASE_FILE, f"{DATABASE_FILE}-wal", f"{DATABASE_FILE}-shm", "audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was done.

    Attributes:
        checkpoint: of the backup: which chain, how long, when it was made.
        known_seq: the last row of this chain that anybody here knew of: of the state that was there, or of a
            checkpoint. Rows between the backup's end and it are lost. None = nobody knew of any.
        aside: where the state that was there lies now; None = there was none.
    """

    checkpoint: Checkpoint
    known_seq: int | None
    aside: Path | None

    @property
    def lost(self) -> int | None:
        """How many rows of the chain are known to be not in the backup; None = nobody knows."""
        return None if self.known_seq is None else max(0, self.known_seq - self.checkpoint.sequence)


def restore_state(
    file: Path,
    folder: Path,
    identity: GateIdentity,
    clock: Clock,
    *,
    checkpoints: Sequence[Checkpoint] = (),
    rows_untold: int = 0,
    is_older_meant: bool = False,
) -> Restored:
    """Put the backup ``file`` in place of the state in ``folder``.

    Numbers of rows that are lost are passed over, so that no event that follows bears one that was told before.

    Args:
        file: the backup, made by this gate.
        folder: the state folder, with the gate's keys; its gate is not running.
        identity: the gate, for the record of it.
        clock: the machine's.
        checkpoints: what the gate said of its chain elsewhere.
        rows_untold: how many rows may have come after the last checkpoint.
        is_older_meant: rows that are known and not in the backup may be lost.

    Raises:
        TrustError: it is no backup of this gate, it is altered, or a checkpoint is not of its chain.
        UsageError: it is older than what is known of the chain, or nothing is known, and that was not meant.
        StoreError: a daemon runs, or files cannot be moved.
    """
    keys = KeyRing.open(folder)
    with sole_daemon(folder), tempfile.TemporaryDirectory(prefix=".restore-", dir=folder) as scratch:
        fresh = Path(scratch) / DATABASE_FILE
        manifest = unpack_backup(file, fresh.parent, keys.signer.public_key)
        backup = manifest.checkpoint
        if not fresh.exists() or _end(chain_end(fresh)) != (backup.chain, backup.sequence, backup.hash):
            raise TrustError(f"the backup {file} is not what its manifest says", hint="take an older backup")
        open_state(fresh.parent, keys).close()
        known_seq, through_seq = _known(folder, checkpoints, keys, backup, rows_untold)
        restored = Restored(checkpoint=backup, known_seq=known_seq, aside=None)
        if not is_older_meant:
            _refuse_loss(restored)
        _record(fresh, keys, identity, clock, restored, through_seq)
        return replace(restored, aside=_exchange(folder, fresh, clock.utc()))


def refuse_unfinished(folder: Path) -> None:
    """Return unless a restore was cut off in ``folder``.

    Raises:
        TrustError: it was.
    """
    if (folder / MARKER).exists():
        raise TrustError(
            f"a restore in {folder} was cut off",
            hint="run 'edge-gate state restore' with the same backup again; what was there lies in replaced-…",
        )


def _refuse_loss(restored: Restored) -> None:
    end = restored.checkpoint.sequence
    if restored.known_seq is None:
        raise UsageError(
            f"the backup ends with row {end} of the audit chain, and nobody knows what came after it",
            hint="give --checkpoint with the last message of state/audit-head, or --older to take what may be lost",
        )
    if restored.known_seq > end:
        raise UsageError(
            f"the backup ends with row {end} of the audit chain, and row {restored.known_seq} is known",
            hint="take a newer backup, or give --older: the rows in between are lost",
        )


def _known(
    folder: Path, checkpoints: Sequence[Checkpoint], keys: KeyRing, backup: Checkpoint, rows_untold: int
) -> tuple[int | None, int]:
    """Return the last row that is known of the backup's chain, and through which row numbers may have been told."""
    for checkpoint in checkpoints:
        checkpoint.refuse_unsigned([keys.signer.public_key])
        if checkpoint.chain != backup.chain:
            raise TrustError(
                f"the checkpoint of {checkpoint.time} is of another chain than the backup",
                hint="give checkpoints of this gate, and a backup of the same chain",
            )
    there = _there(folder, backup.chain)
    published = max((checkpoint.sequence for checkpoint in checkpoints), default=None)
    if published is None:
        return there, there or 0
    if there is not None and there >= published:
        return there, there
    return published, published + rows_untold


def _there(folder: Path, chain_id: str) -> int | None:
    """Return the last row of a chain in the state that is there; None where that cannot be read or is another's."""
    path = folder / DATABASE_FILE
    if not path.exists():
        return None
    try:
        database = Database.open(path)
        try:
            head = Ledger(database).head()
        finally:
            database.close()
    except EdgeError:
        return None
    return head.seq if head.chain_id == chain_id else None


def _exchange(folder: Path, fresh: Path, now_utc: dt.datetime) -> Path | None:
    """Move what is there aside and the new files in; return where the old ones are."""
    create_private_file(folder / MARKER, b"")
    there = [folder / name for name in _PARTS if (folder / name).exists()]
    aside = None
    if there:
        name = f"replaced-{now_utc:%Y%m%dT%H%M%SZ}"
        aside = private_folder(next(p for p in _places(folder / name) if not p.exists()))
        for part in there:
            move_durably(part, aside / part.name)
    if folder_of(fresh).exists():
        move_durably(folder_of(fresh), folder / folder_of(fresh).name)
    move_durably(fresh, folder / fresh.name)
    remove_durably(folder / MARKER)
    return aside


def _places(first: Path) -> list[Path]:
    return [first, *(first.with_name(f"{first.name}-{number}") for number in range(2, 100))]


def _record(
    path: Path, keys: KeyRing, identity: GateIdentity, clock: Clock, restored: Restored, through_seq: int
) -> None:
    """Put it on record in the chain that goes on, before it is in place, so that it is told on the bus too."""
    backup = restored.checkpoint
    lost = "what came after it is not known"
    if restored.known_seq is not None:
        lost = f"rows to {restored.known_seq} are lost" if restored.lost else "nothing is lost"
    report = AnomalyReport(
        anomaly=Anomaly.STATE_RESTORED,
        detail=f"a backup of {backup.time} was put in place, which ends with row {backup.sequence}; {lost}",
        attempt=None,
        occurred_utc=clock.utc(),
    )
    entry = anomaly_entry(report, identity, keys.signer, clock.utc())
    database = Database.open(path)
    try:
        ledger = Ledger(database)
        ledger.pass_over(through_seq, entry.kind, entry.body)
        ledger.commit(entry.kind, entry.body, entry.build)
    finally:
        database.close()


def _end(head: AuditHead) -> tuple[str, int, bytes]:
    return head.chain_id, head.seq, head.hash


def command_identity(site: str, gate: str, access_point: str) -> GateIdentity:
    """Return the gate's names for the record of a command."""
    return GateIdentity(site, gate, access_point, secrets.token_hex(8))
