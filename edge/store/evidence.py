"""Faces of denied attempts, for a few hours: each hour's pictures under a key of its own, destroyed with them."""

import datetime as dt
import secrets
import sqlite3
from dataclasses import dataclass
from typing import final

from edge.domain.errors import UsageError
from edge.domain.gallery_change import GalleryAct
from edge.domain.match import SubjectRef
from edge.domain.reasons import Reason
from edge.domain.verdict import AttemptId
from edge.store.cipher import new_data_key, seal, unseal
from edge.store.database import Database, altered
from edge.store.moments import moment_of, written
from edge.store.register import Register
from edge.trust.canonical import canonical_json

_COLUMNS = "SELECT id, attempt, reason, subject, taken FROM evidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of a kept picture without opening it.

    Attributes:
        id: names it.
        attempt: of which attempt.
        reason: why that was denied.
        subject: the enrolled person it was taken for; None = a stranger.
        taken: when, UTC.
    """

    id: str
    attempt: AttemptId
    reason: Reason
    subject: SubjectRef | None
    taken: dt.datetime


@final
class EvidenceStore:
    """Keeps, shows and destroys. Threads: as ``Database``. Every method raises ``StoreError`` when SQLite fails.

    Args:
        database: open.
        gallery_key: wraps the hours' keys.
        register: puts on record who looked, and what was destroyed.
    """

    def __init__(self, database: Database, gallery_key: bytes, register: Register) -> None:
        self._database = database
        self._key = gallery_key
        self._register = register

    def keep(
        self,
        picture: bytes,
        *,
        attempt: AttemptId,
        reason: Reason,
        subject: SubjectRef | None,
        taken: dt.datetime,
        hours: int,
    ) -> str:
        """Keep a picture (PNG) for ``hours`` at the most, and return its id.

        Args:
            picture: of the face alone.
            attempt: of which attempt.
            reason: why it was denied.
            subject: whom it was taken for; None = a stranger.
            taken: when, timezone-aware.
            hours: how long it may be kept; the hour that has begun counts as whole.

        Raises:
            TrustError: the key of this hour does not open.
        """
        taken = taken.astimezone(dt.UTC)
        hour = written(taken.replace(minute=0, second=0, microsecond=0))
        evidence = Evidence(
            id=f"e-{secrets.token_hex(8)}", attempt=attempt, reason=reason, subject=subject, taken=taken
        )
        with self._database.transaction() as connection:
            expires = written(moment_of(hour) + dt.timedelta(hours=hours))
            connection.execute(
                "INSERT INTO evidence_key (hour, wrapped_key, expires) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (hour, seal(self._key, new_data_key(), _key_place(hour)), expires),
            )
            key = self._hour_key(connection, hour)
            connection.execute(
                "INSERT INTO evidence (id, hour, attempt, reason, subject, taken, picture)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    *(evidence.id, hour, attempt, reason.value, subject, written(taken)),
                    seal(key, picture, _place(evidence)),
                ),
            )
        return evidence.id

    def list(self) -> tuple[Evidence, ...]:
        """Return what is kept, the oldest first.

        Raises:
            TrustError: a row is none that the gate wrote.
        """
        return tuple(_evidence(*row) for row in self._database.read(f"{_COLUMNS} ORDER BY taken, id"))

    def view(self, id_: str) -> tuple[Evidence, bytes]:
        """Return a picture, after it went on record that somebody looks at it.

        Raises:
            UsageError: there is none of this id, any more or at all.
            TrustError: it was altered or moved.
            StoreError: as everywhere; what cannot go on record is not shown.
        """
        rows = self._database.read(f"{_COLUMNS} WHERE id = ?", (id_,))
        if not rows:
            raise UsageError(f"no evidence has the id {id_!r}", hint="see 'edge-gate evidence list'; it is soon gone")
        evidence = _evidence(*rows[0])
        with self._database.transaction() as connection:
            ((hour, sealed),) = connection.execute("SELECT hour, picture FROM evidence WHERE id = ?", (id_,))
            picture = unseal(self._hour_key(connection, hour), sealed, _place(evidence))
        self._register.record(GalleryAct.EVIDENCE_VIEWED, [evidence.subject], f"{id_} of attempt {evidence.attempt}")
        return evidence, picture

    def purge(self, now_utc: dt.datetime) -> int:
        """Destroy the keys of hours that are over, with their pictures, and return how many pictures that were.

        Raises:
            TrustError: a time is none.
            StoreError: as everywhere; or the rows are gone but the log, being read, could not be emptied yet.
        """
        keys = self._database.read("SELECT hour, expires FROM evidence_key")
        over = [hour for hour, expires in keys if moment_of(expires) <= now_utc]
        if not over:
            return 0
        with self._register.aside() as change:
            gone = 0
            for hour in over:
                gone += change.connection.execute("DELETE FROM evidence WHERE hour = ?", (hour,)).rowcount
                change.connection.execute("DELETE FROM evidence_key WHERE hour = ?", (hour,))
            change.note(GalleryAct.EVIDENCE_ERASED, None, f"{gone} pictures of {len(over)} hours")
        self._database.scrub()
        return gone

    def _hour_key(self, connection: sqlite3.Connection, hour: str) -> bytes:
        ((wrapped_key,),) = connection.execute("SELECT wrapped_key FROM evidence_key WHERE hour = ?", (hour,))
        return unseal(self._key, wrapped_key, _key_place(hour))


def rewrap_evidence_keys(connection: sqlite3.Connection, old_key: bytes, new_key: bytes) -> None:
    """Wrap the hours' keys with another gallery key.

    Raises:
        TrustError: one does not open.
    """
    for hour, wrapped_key in connection.execute("SELECT hour, wrapped_key FROM evidence_key").fetchall():
        place = _key_place(hour)
        anew = seal(new_key, unseal(old_key, wrapped_key, place), place)
        connection.execute("UPDATE evidence_key SET wrapped_key = ? WHERE hour = ?", (anew, hour))


def _key_place(hour: str) -> bytes:
    return canonical_json({"format": "egate-evidence-key-v1", "hour": hour})


def _place(evidence: Evidence) -> bytes:
    return canonical_json(
        {
            "format": "egate-evidence-v1",
            "id": evidence.id,
            "attempt": evidence.attempt,
            "reason": evidence.reason.value,
            "subject": evidence.subject,
            "taken": written(evidence.taken),
        }
    )


def _evidence(id_: str, attempt: str, reason: str, subject: str | None, taken: str) -> Evidence:
    if reason not in set(Reason):
        raise altered("kept evidence has a reason that the gate does not know")
    return Evidence(
        id=id_,
        attempt=AttemptId(attempt),
        reason=Reason(reason),
        subject=SubjectRef(subject) if subject is not None else None,
        taken=moment_of(taken),
    )
