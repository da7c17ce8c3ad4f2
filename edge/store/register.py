"""Every change of the gallery goes through here: signed, counted, on record, in one transaction. So does every use.

Thread rule: as ``Database``.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, final

from edge.domain.errors import TrustError
from edge.domain.event import EventKind, OutboxMessage, Ticket
from edge.domain.gallery_change import GalleryAct, GalleryChange
from edge.domain.match import SubjectRef
from edge.store.anchor import Anchor, Anchored
from edge.store.database import Database, Row
from edge.store.ledger import Ledger
from edge.store.manifest import MANIFEST_CONTEXT, Manifest, Marks, root_of
from edge.store.marks import MarkedRows
from edge.store.signed_list import Differences, differences, gallery_altered, refuse_unsigned
from edge.trust.signing import Signer, verify

Unwrap = Callable[[SubjectRef, bytes], bytes]
"""Gives a person's data key from the wrapped one, or raises ``TrustError``."""


class Record(NamedTuple):
    """What ``Ledger.append`` takes of a change."""

    kind: EventKind
    body: Mapping[str, object]
    build: Callable[[Ticket], OutboxMessage]


class Witness(Protocol):
    """Puts changes on record."""

    def __call__(self, change: GalleryChange) -> Record:
        """Return the record of a change; quick, it is called inside a transaction."""
        ...


class _Note(NamedTuple):
    act: GalleryAct
    subject: SubjectRef | None
    detail: str


@dataclass(frozen=True, slots=True)
class Change:
    """A change that is being made.

    Attributes:
        connection: inside the transaction.
        notes: what goes on record of it; see ``note``.
    """

    connection: sqlite3.Connection
    notes: list[_Note] = field(default_factory=list)

    def note(self, act: GalleryAct, subject: SubjectRef | None, detail: str = "") -> None:
        """Have something put on record when the change commits."""
        self.notes.append(_Note(act, subject, detail))

    def mark(self, subject: SubjectRef, data_key: bytes) -> None:
        """Set a person's mark, after all of their rows are written."""
        mark = MarkedRows(self.connection, subject).mark(subject, data_key)
        self.connection.execute("UPDATE person SET mark = ? WHERE subject = ?", (mark, subject))


@final
class Register:
    """Signs the gallery after every change, and vouches for it before every use.

    Attributes:
        revision: rises with every change that this process makes.
        witness: puts changes on record in the audit chain; None = nobody does, as in tests and trials.

    Args:
        database: open.
        anchor: beside it.
        signer: the gate's key.
        ledger: takes the records.
        unwrap: opens data keys.
    """

    def __init__(self, database: Database, anchor: Anchor, signer: Signer, ledger: Ledger, unwrap: Unwrap) -> None:
        self._database = database
        self._anchor = anchor
        self._signer = signer
        self._ledger = ledger
        self._unwrap = unwrap
        self.witness: Witness | None = None
        self.revision = 0
        self._begin()

    def read(self, *queries: str) -> tuple[list[Row], ...]:
        """Return the rows of SELECTs, of one moment, in which everybody was as signed.

        Raises:
            TrustError: somebody was not, and who.
            StoreError: SQLite failed.
        """
        with contextlib.suppress(TrustError), self._database.snapshot() as connection:
            return self._read(connection, queries)
        # A change of another process, made between two looks, is no alteration: look again while nobody writes.
        with self._database.transaction() as connection:
            return self._read(connection, queries)

    @contextlib.contextmanager
    def change(self, *, erasing: SubjectRef | None = None) -> Iterator[Change]:
        """Make a change within the block: all of it, its signature and its record become durable, or none of it.

        Args:
            erasing: who is about to be erased. That is possible whatever was altered; but a gallery that is not as
                signed, whoever is erased, is not signed anew and stays refused.

        Raises:
            TrustError: the gallery is not as signed.
            StoreError: SQLite failed, or the change is made and the anchor could not be written yet.
        """
        with self._database.transaction() as connection:
            manifest = self._vouched(connection, erasing)
            change = Change(connection)
            yield change
            if manifest is not None:
                manifest = manifest.next(_marks(connection))
                self._sign(connection, manifest)
            self._record(change, manifest)
        self.revision += 1
        if manifest is not None:
            self._settle()

    def record(self, act: GalleryAct, subjects: Iterable[SubjectRef | None], detail: str = "") -> None:
        """Put on record, once a person, that what is kept was looked at or taken out; the gallery stays as it is.

        Raises:
            StoreError: it could not be recorded; then it must not be done.
            TrustError: the gallery has no manifest that the gate signed.
        """
        with self.aside() as change:
            for subject in subjects:
                change.note(act, subject, detail)

    @contextlib.contextmanager
    def aside(self) -> Iterator[Change]:
        """Do something beside the gallery within the block, which goes on record with it; the gallery stays as it is.

        Raises:
            StoreError: SQLite failed, or it could not be recorded; then nothing was done.
            TrustError: the gallery has a manifest that the gate did not sign.
        """
        with self._database.transaction() as connection:
            change = Change(connection)
            yield change
            self._record(change, self._manifest(connection))

    def refuse_other_rows(self, connection: sqlite3.Connection, subject: SubjectRef, data_key: bytes) -> None:
        """Return if a person's rows are those of their mark.

        Raises:
            TrustError: they are not.
        """
        ((mark,),) = connection.execute("SELECT mark FROM person WHERE subject = ?", (subject,))
        if MarkedRows(connection, subject).mark(subject, data_key) != mark:
            raise gallery_altered(f"records of {subject} are not those that were signed")

    def differing(self) -> Differences:
        """Return who is otherwise in the database than in what was signed last, as far as that can be told."""
        with self._database.transaction() as connection:
            anchored = self._readable_anchor()
            return differences(_marks(connection), anchored.marks if anchored else {})

    def accept(self, legacy: Callable[[sqlite3.Connection, SubjectRef, bytes], None]) -> Differences:
        """Sign the gallery as it is, above every counter that is known, and return what differed.

        Everybody's records must still be those of their mark: what was altered can be erased, never accepted.

        Args:
            legacy: proves the records of somebody who has no mark yet; raises ``TrustError`` where one does not open.

        Raises:
            TrustError: somebody's records do not open or are not those of their mark.
            StoreError: SQLite failed, or the anchor could not be written.
        """
        with self._database.transaction() as connection:
            anchored, manifest = self._readable_anchor(), self._readable_manifest(connection)
            differing = differences(_marks(connection), anchored.marks if anchored else {})
            change = Change(connection)
            for subject, wrapped_key, mark in _wrapped(connection):
                data_key = self._opened(subject, wrapped_key)
                if mark:
                    self.refuse_other_rows(connection, subject, data_key)
                else:
                    legacy(connection, subject, data_key)
                    change.mark(subject, data_key)
            counter = max(manifest.counter if manifest else 0, anchored.counter if anchored else 0)
            marks = _marks(connection)
            taken = Manifest(
                chain_id=self._ledger.chain_id,
                counter=counter + 1,
                people=len(marks),
                root=root_of(marks),
                previous=anchored.manifest if anchored else "",
            )
            self._sign(connection, taken)
            change.note(GalleryAct.ACCEPTED, None, str(differing) or "nobody differed")
            self._record(change, taken)
        self.revision += 1
        with self._database.transaction() as connection:
            self._anchor.keep(self._manifest(connection) or taken, _marks(connection))
        return differing

    def _begin(self) -> None:
        """Sign an empty gallery that never was one; anything else must be vouched for when it is used."""
        with self._database.transaction() as connection:
            has_manifest = connection.execute("SELECT count(*) FROM gallery_manifest").fetchone() != (0,)
            if has_manifest or _marks(connection):
                return
            try:
                anchored = self._anchor.read()
            except TrustError:
                return
            if anchored is not None and (anchored.chain_id, anchored.counter) != (self._ledger.chain_id, 0):
                return
            first = Manifest(chain_id=self._ledger.chain_id, counter=0, people=0, root=root_of({}), previous="")
            self._anchor.keep(first, {})
            self._sign(connection, first)

    def _read(self, connection: sqlite3.Connection, queries: tuple[str, ...]) -> tuple[list[Row], ...]:
        marks = _marks(connection)
        refuse_unsigned(self._manifest(connection), marks, self._anchor.read())
        rows = MarkedRows(connection)
        for subject, wrapped_key, mark in _wrapped(connection):
            if rows.mark(subject, self._opened(subject, wrapped_key)) != mark:
                raise gallery_altered(f"records of {subject} are not those that were signed")
        return tuple(connection.execute(query).fetchall() for query in queries)

    def _opened(self, subject: SubjectRef, wrapped_key: bytes) -> bytes:
        try:
            return self._unwrap(subject, wrapped_key)
        except TrustError as error:
            raise gallery_altered(f"the key of {subject} does not open") from error

    def _vouched(self, connection: sqlite3.Connection, erasing: SubjectRef | None) -> Manifest | None:
        """Return the manifest that the next one follows; None when somebody is erased who was altered with others."""
        marks = _marks(connection)
        try:
            anchored = self._anchor.read()
            manifest = refuse_unsigned(self._manifest(connection), marks, anchored, but=erasing)
        except TrustError:
            if erasing is None:
                raise
            return None
        if anchored is not None and anchored.counter < manifest.counter:
            self._anchor.keep(manifest, marks)  # a change that follows must not leave it two behind
        return manifest

    def _settle(self) -> None:
        with self._database.transaction() as connection:
            marks, manifest = _marks(connection), self._manifest(connection)
            if manifest is None or root_of(marks) != manifest.root:
                raise gallery_altered("it is not the one that was signed a moment ago")
            self._anchor.keep(manifest, marks)

    def _manifest(self, connection: sqlite3.Connection) -> Manifest | None:
        row = connection.execute("SELECT body, signature FROM gallery_manifest").fetchone()
        if row is None:
            return None
        body, signature = row
        try:
            verify(body, signature, public_key=self._signer.public_key, context=MANIFEST_CONTEXT)
        except TrustError as error:
            raise gallery_altered("its manifest is not signed by this gate") from error
        manifest = Manifest.parse(body)
        if manifest.chain_id != self._ledger.chain_id:
            raise gallery_altered("its manifest belongs to another database")
        return manifest

    def _readable_manifest(self, connection: sqlite3.Connection) -> Manifest | None:
        try:
            return self._manifest(connection)
        except TrustError:
            return None

    def _readable_anchor(self) -> Anchored | None:
        try:
            return self._anchor.read()
        except TrustError:
            return None

    def _sign(self, connection: sqlite3.Connection, manifest: Manifest) -> None:
        body = manifest.body
        signature = self._signer.sign(body, context=MANIFEST_CONTEXT)
        connection.execute(
            "INSERT INTO gallery_manifest (id, body, signature) VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE"
            " SET body = excluded.body, signature = excluded.signature",
            (body, signature),
        )

    def _record(self, change: Change, manifest: Manifest | None) -> None:
        if self.witness is None:
            return
        for note in change.notes:
            told = GalleryChange(
                act=note.act,
                subject=note.subject,
                counter=manifest.counter if manifest else 0,
                people=manifest.people if manifest else 0,
                root=manifest.root if manifest else "",
                detail=note.detail,
            )
            self._ledger.append(change.connection, *self.witness(told))


def _marks(connection: sqlite3.Connection) -> Marks:
    return {SubjectRef(s): mark or b"" for s, mark in connection.execute("SELECT subject, mark FROM person")}


def _wrapped(connection: sqlite3.Connection) -> list[tuple[SubjectRef, bytes, bytes | None]]:
    return connection.execute("SELECT subject, wrapped_key, mark FROM person ORDER BY rowid").fetchall()
