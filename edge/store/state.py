"""Opens everything that a gate remembers."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from edge.domain.clock import Clock, SystemClock
from edge.store.anchor import ANCHOR_FILE, Anchor
from edge.store.audit_segments import AuditSegments
from edge.store.daily_sketches import DailySketches
from edge.store.database import BUSY_TIMEOUT_MS, Database
from edge.store.evidence import EvidenceStore
from edge.store.gallery import Gallery
from edge.store.ledger import Ledger
from edge.store.limits import LimitsStore
from edge.store.outbox import Outbox
from edge.store.outbox_upkeep import OutboxUpkeep
from edge.trust.keys import KeyRing

DATABASE_FILE = "gate.sqlite3"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The open store; all parts share one database, and all may be used from any thread.

    Attributes:
        database: the file, for ``close``.
        ledger: commits decisions.
        outbox: what is owed to the broker.
        upkeep: keeps the outbox within bounds.
        segments: closes pieces of the audit chain.
        gallery: who is enrolled.
        evidence: faces of denied attempts, where the site keeps any.
        sketches: what days of granted attempts looked like.
        limits: who failed lately, and the posture.
    """

    database: Database
    ledger: Ledger
    outbox: Outbox
    upkeep: OutboxUpkeep
    segments: AuditSegments
    gallery: Gallery
    evidence: EvidenceStore
    sketches: DailySketches
    limits: LimitsStore

    def close(self) -> None:
        """Close the database; every later use raises ``StoreError``."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_state(
    folder: Path,
    keys: KeyRing,
    *,
    anchor_folder: Path | None = None,
    busy_timeout_ms: int = BUSY_TIMEOUT_MS,
    clock: Clock | None = None,
) -> State:
    """Open, and where missing make, the store in ``folder``.

    Args:
        folder: the state folder.
        keys: the gate's keys.
        anchor_folder: where the gallery's anchor lies; by default in ``folder``.
        busy_timeout_ms: how long to wait for another process's transaction.
        clock: by which messages age; None = the machine's.

    Raises:
        StoreError: the folder or database cannot be used, is locked, damaged, foreign or too new.
        TrustError: the gallery was made with another key.
    """
    database = Database.open(folder / DATABASE_FILE, busy_timeout_ms=busy_timeout_ms)
    try:
        ledger = Ledger(database, clock)
        gallery = Gallery(database, keys, Anchor((anchor_folder or folder) / ANCHOR_FILE, keys.signer), ledger)
        return State(
            database=database,
            ledger=ledger,
            outbox=Outbox(database),
            upkeep=OutboxUpkeep(database, clock or SystemClock()),
            segments=AuditSegments(database),
            gallery=gallery,
            evidence=EvidenceStore(database, keys.gallery_key, gallery.register),
            sketches=DailySketches(database),
            limits=LimitsStore(database),
        )
    except BaseException:
        database.close()
        raise
