"""Puts a backup in place of a gate's state: proven first, what was there kept aside, and told to everybody.

While files are moved a marker lies in the folder, and nothing opens a state with it: what a cut leaves in between
must never look like a gate that begins anew.
"""

import datetime as dt
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
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
            checkpoint. Rows between the backup's end and it are lost.
        aside: where the state that was there lies now; None = there was none.
    """

    checkpoint: Checkpoint
    known_seq: int
    aside: Path | None

    @property
    def lost(self) -> int:
        """How many rows of the chain are not in the backup."""
        return max(0, self.known_seq - self.checkpoint.sequence)


def restore_state(
    file: Path,
    folder: Path,
    identity: GateIdentity,
    clock: Clock,
    *,
    checkpoints: Sequence[Checkpoint] = (),
    is_older_meant: bool = False,
) -> Restored:
    """Put the backup ``file`` in place of the state in ``folder``.

    Args:
        file: the backup, made by this gate.
        folder: the state folder, with the gate's keys; its gate is not running.
        identity: the gate, for the record of it.
        clock: the machine's.
        checkpoints: what the gate said of its chain elsewhere.
        is_older_meant: rows that are known and not in the backup may be lost.

    Raises:
        TrustError: it is no backup of this gate, it is altered, or a checkpoint is not of its chain.
        UsageError: it is older than what is known of the chain, and that was not meant.
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
        known_seq = max(_known(folder, backup), _published(checkpoints, keys, backup))
        if known_seq > backup.sequence and not is_older_meant:
            raise UsageError(
                f"the backup ends with row {backup.sequence} of the audit chain, and row {known_seq} is known",
                hint="make a newer backup, or give --older: these rows are lost, and consumers must be told",
            )
        _record(fresh, keys, identity, clock, Restored(checkpoint=backup, known_seq=known_seq, aside=None))
        return Restored(checkpoint=backup, known_seq=known_seq, aside=_exchange(folder, fresh, clock.utc()))


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


def _known(folder: Path, backup: Checkpoint) -> int:
    """Return the last row of the backup's chain in the state that is there; 0 where that cannot be read."""
    path = folder / DATABASE_FILE
    if not path.exists():
        return 0
    try:
        database = Database.open(path)
        try:
            head = Ledger(database).head()
        finally:
            database.close()
    except EdgeError:
        return 0
    return head.seq if head.chain_id == backup.chain else 0


def _published(checkpoints: Sequence[Checkpoint], keys: KeyRing, backup: Checkpoint) -> int:
    """Return the last row that a checkpoint tells of."""
    for checkpoint in checkpoints:
        checkpoint.refuse_unsigned([keys.signer.public_key])
        if checkpoint.chain != backup.chain:
            raise TrustError(
                f"the checkpoint of {checkpoint.time} is of another chain than the backup",
                hint="give checkpoints of this gate, and a backup of the same chain",
            )
    return max((checkpoint.sequence for checkpoint in checkpoints), default=0)


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


def _record(path: Path, keys: KeyRing, identity: GateIdentity, clock: Clock, restored: Restored) -> None:
    """Put it on record in the chain that goes on, before it is in place, so that it is told on the bus too."""
    backup = restored.checkpoint
    lost = f"; rows to {restored.known_seq} are lost" if restored.lost else ""
    report = AnomalyReport(
        anomaly=Anomaly.STATE_RESTORED,
        detail=f"a backup of {backup.time} was put in place, which ends with row {backup.sequence}{lost}",
        attempt=None,
        occurred_utc=clock.utc(),
    )
    entry = anomaly_entry(report, identity, keys.signer, clock.utc())
    database = Database.open(path)
    try:
        Ledger(database).commit(entry.kind, entry.body, entry.build)
    finally:
        database.close()


def _end(head: AuditHead) -> tuple[str, int, bytes]:
    return head.chain_id, head.seq, head.hash


def command_identity(site: str, gate: str, access_point: str) -> GateIdentity:
    """Return the gate's names for the record of a command."""
    return GateIdentity(site, gate, access_point, secrets.token_hex(8))
