"""Who is enrolled: encrypted names, consent notes, enrollment crops and templates, each template bound.

What joins a person's rows is a random reference; erasing a person destroys the one key that opens them. Every change
is signed (``edge.store.register``), and templates are given out only while everybody is as signed.
"""

import contextlib
import datetime as dt
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import final

from edge.domain.consent import NO_TERMS, RetentionTerms
from edge.domain.embedding import Binding, Embedding
from edge.domain.errors import OtherGalleryKeyError, UsageError
from edge.domain.gallery_change import GalleryAct
from edge.domain.label import check_name, check_note
from edge.domain.mask_family import MaskFamily
from edge.domain.masked_template import MaskedTemplate
from edge.domain.match import SubjectRef
from edge.store.anchor import Anchor
from edge.store.cipher import NONCE_BYTES, new_data_key, record_place, seal, unseal
from edge.store.database import Database
from edge.store.evidence import rewrap_evidence_keys
from edge.store.ledger import Ledger
from edge.store.masked_templates import SELECT_MASKED, SubjectMasked, insert_masked, open_masked
from edge.store.moments import moment_of, written
from edge.store.person import SELECT_PEOPLE, Person, open_every_record, opened_person
from edge.store.register import Change, Register
from edge.store.signed_list import Differences
from edge.store.templates import SELECT_TEMPLATES, SubjectTemplates, open_templates, pack_vector
from edge.store.transfer import PersonContents, transferred
from edge.trust.canonical import tagged_sha256
from edge.trust.keys import KeyRing

_KEY_CHECK_TAG = "egate-gallery-key-check-v1"


@final
class Gallery:
    """The enrolled people. Threads: as ``Database``. Any method raises ``StoreError`` when SQLite fails.

    Attributes:
        register: signs every change and vouches for what is there.
    """

    def __init__(self, database: Database, keys: KeyRing, anchor: Anchor, ledger: Ledger) -> None:
        """Use ``database`` with the gate's keys; a new database is tied to the gallery key.

        Raises:
            OtherGalleryKeyError: the database was made with another gallery key.
        """
        self._database = database
        self._key = keys.gallery_key
        with database.transaction() as connection:
            connection.execute(
                "INSERT INTO gallery_key (id, check_value) VALUES (1, ?) ON CONFLICT DO NOTHING",
                (_check_value(self._key),),
            )
            self._refuse_other_key(connection)
        self.register = Register(database, anchor, keys.signer, ledger, self._unwrap)

    def enroll(
        self,
        *,
        label: str,
        consent_note: str,
        created: dt.datetime,
        templates: Sequence[Embedding],
        crops: Sequence[bytes] = (),
        masked: Sequence[MaskedTemplate] = (),
        terms: RetentionTerms = NO_TERMS,
    ) -> SubjectRef:
        """Add a person, all rows in one transaction, and return the new random reference.

        Args:
            label: display name, not yet in use.
            consent_note: what the person agreed to and where that is kept; required.
            created: now, timezone-aware.
            templates: at least one.
            crops: enrollment pictures (PNG), with margin enough to derive templates for a new recipe. The site may
                keep none.
            masked: what occluded copies of the same pictures became; without them no certificate can be given.
            terms: what permits it, and until when.

        Raises:
            TrustError: the people who are there are not as signed.
            UsageError: no label, no consent note, one that is too long or holds what does not show, no template, or
                the label is in use.
        """
        person = PersonContents(
            label=label, consent_note=consent_note, terms=terms, templates=templates, masked=masked, crops=crops
        )
        (subject,) = self.enroll_all([person], created=created)
        return subject

    def enroll_all(
        self, people: Sequence[PersonContents], *, created: dt.datetime, act: GalleryAct = GalleryAct.ENROLLED
    ) -> tuple[SubjectRef, ...]:
        """Add people, all of them in one transaction or nobody, and return their new random references.

        Args:
            people: their names not yet in use.
            created: now, timezone-aware.
            act: what goes on record of each.

        Raises:
            TrustError: the people who are there are not as signed.
            UsageError: as ``enroll``, for any of them.
        """
        for person in people:
            _refuse_unfit(person, created)
        with self.register.change() as change:
            self._refuse_other_key(change.connection)
            taken = set(self._labels().values())
            subjects = []
            for person in people:
                if person.label in taken:
                    raise UsageError(
                        "somebody is enrolled under this name already",
                        hint="erase that entry first, or use another name",
                    )
                taken.add(person.label)
                subjects.append(self._insert(change, person, created))
                change.note(act, subjects[-1])
        return tuple(subjects)

    def people(self) -> tuple[Person, ...]:
        """Return everybody, in order of enrollment, whether or not they are as signed: for whoever must look.

        Raises:
            TrustError: a record does not open.
        """
        rows = self._database.read(SELECT_PEOPLE)
        families: dict[str, set[str]] = {}
        for subject, family in self._database.read("SELECT DISTINCT subject, family FROM masked_template"):
            families.setdefault(subject, set()).add(family)
        return tuple(
            replace(person, families=frozenset(families.get(person.subject, ())))
            for person in (opened_person(row, self._unwrap) for row in rows)
        )

    def count(self) -> int:
        """Return how many people are enrolled, without opening a record."""
        ((people,),) = self._database.read("SELECT count(*) FROM person")
        return int(people)

    def find(self, label: str) -> SubjectRef | None:
        """Return who is enrolled under ``label``, or None.

        Raises:
            TrustError: a record does not open.
        """
        return next((subject for subject, known in self._labels().items() if known == label), None)

    def load_templates(self, bindings: Mapping[str, Binding]) -> tuple[SubjectTemplates, ...]:
        """Return everybody's templates, one entry a person and model, in order of enrollment.

        Args:
            bindings: what the running models' embeddings are bound to, by model id.

        Raises:
            TrustError: somebody is not as signed, has templates bound otherwise, or lacks those of a model; nothing
                is loaded then. Or a record does not open.
        """
        (rows,) = self.register.read(SELECT_TEMPLATES)
        return open_templates(rows, bindings, self._unwrap)

    def load_masked(
        self, families: Iterable[MaskFamily], bindings: Mapping[str, Binding]
    ) -> tuple[SubjectMasked, ...]:
        """Return the occluded templates of everybody who has them, one entry a person and family.

        Args:
            families: the masks asked for; all rows must open, whichever these are.
            bindings: what the running models' embeddings are bound to, by model id.

        Raises:
            TrustError: somebody is not as signed; a record does not open, is bound otherwise, or some of a person's
                pictures are missing.
        """
        (rows,) = self.register.read(SELECT_MASKED)
        return open_masked(rows, families, bindings, self._unwrap)

    def replace_masked(self, subject: SubjectRef, masked: Sequence[MaskedTemplate]) -> None:
        """Put occluded templates in place of all that ``subject`` has, in one transaction.

        Raises:
            UsageError: there is no such person.
            TrustError: somebody is not as signed, or the person's key does not open.
        """
        with self._replacing(subject) as (connection, data_key):
            connection.execute("DELETE FROM masked_template WHERE subject = ?", (subject,))
            insert_masked(connection, subject, data_key, masked)

    def replace_templates(self, subject: SubjectRef, templates: Sequence[Embedding]) -> None:
        """Put ``templates``, at least one, in place of all that ``subject`` has, in one transaction.

        Occluded templates go too: they belong to the pictures of the ones that were there.

        Raises:
            UsageError: there is no such person, or no template.
            TrustError: somebody is not as signed, or the person's key does not open.
        """
        if not templates:
            raise UsageError("a person needs at least one template", hint="erase the person instead")
        with self._replacing(subject) as (connection, data_key):
            connection.execute("DELETE FROM template WHERE subject = ?", (subject,))
            connection.execute("DELETE FROM masked_template WHERE subject = ?", (subject,))
            _insert_templates(connection, subject, data_key, templates)

    def crops(self, subject: SubjectRef) -> tuple[bytes, ...]:
        """Return the person's enrollment pictures, decrypted; empty when the site keeps none.

        Raises:
            UsageError: there is no such person.
            TrustError: a record does not open.
        """
        data_key = self._data_key(subject)
        rows = self._database.read("SELECT nonce, picture FROM crop WHERE subject = ? ORDER BY id", (subject,))
        place = record_place(subject, "crop")
        return tuple(unseal(data_key, nonce + picture, place) for nonce, picture in rows)

    def export(self, subjects: Sequence[SubjectRef], detail: str) -> tuple[PersonContents, ...]:
        """Return everything that is stored of people, after it went on record that it leaves the gate.

        Args:
            subjects: whose.
            detail: to whom, for the record.

        Raises:
            UsageError: there is no such person.
            TrustError: somebody is not as signed, or a record does not open.
        """
        self.register.read()
        with self._database.snapshot() as connection:
            people = tuple(transferred(connection, subject, self._data_key(subject)) for subject in subjects)
        self.register.record(GalleryAct.EXPORTED, subjects, detail)
        return people

    def erase(self, subject: SubjectRef, *, act: GalleryAct = GalleryAct.ERASED) -> None:
        """Destroy the person's data key and all rows. Works on damaged records, and in an altered gallery, too.

        What the file and its log held is overwritten or cut off; a backup made before still holds it until the
        gallery key is replaced (``rekey``), and flash memory may keep old blocks, which full-disk encryption covers.

        Args:
            subject: who.
            act: what goes on record.

        Raises:
            UsageError: there is no such person.
            StoreError: as everywhere; or the rows are gone but the log, being read, could not be emptied yet.
        """
        with self.register.change(erasing=subject) as change:
            self._wrapped_key(subject)
            change.connection.execute("DELETE FROM person WHERE subject = ?", (subject,))
            change.note(act, subject)
        self._database.scrub()

    def expired(self, now_utc: dt.datetime) -> tuple[SubjectRef, ...]:
        """Return who must be erased by now.

        Raises:
            TrustError: somebody is not as signed: what was altered must be looked at before it is erased.
        """
        (rows,) = self.register.read("SELECT subject, retain_until FROM person WHERE retain_until IS NOT NULL")
        return tuple(SubjectRef(subject) for subject, until in rows if moment_of(until) <= now_utc)

    def rekey(self, new_key: bytes) -> int:
        """Wrap everybody's data key, and those of kept evidence, with ``new_key``, in one transaction.

        Returns:
            How many people there are. From here on this gallery and all later ones need the new key.

        Raises:
            TrustError: somebody is not as signed, or a key does not open.
            StoreError: as everywhere; or the old keys are gone but the log, being read, could not be emptied yet.
        """
        with self.register.change() as change:
            wrapped = change.connection.execute("SELECT subject, wrapped_key FROM person").fetchall()
            for subject, old in wrapped:
                place = record_place(subject, "data-key")
                anew = seal(new_key, unseal(self._key, old, place), place)
                change.connection.execute("UPDATE person SET wrapped_key = ? WHERE subject = ?", (anew, subject))
            rewrap_evidence_keys(change.connection, self._key, new_key)
            change.connection.execute("UPDATE gallery_key SET check_value = ?", (_check_value(new_key),))
            change.note(GalleryAct.REKEYED, None, f"people: {len(wrapped)}")
            self._key = new_key
        self._database.scrub()
        return len(wrapped)

    def accept(self) -> Differences:
        """Sign the gallery as it is; see ``Register.accept``. Records that no mark covers yet are all opened."""
        return self.register.accept(open_every_record)

    @contextlib.contextmanager
    def _replacing(self, subject: SubjectRef) -> Iterator[tuple[sqlite3.Connection, bytes]]:
        """Give connection and data key to replace rows of somebody whose rows are as signed."""
        with self.register.change() as change:
            data_key = self._data_key(subject)
            self.register.refuse_other_rows(change.connection, subject, data_key)
            yield change.connection, data_key
            change.mark(subject, data_key)
            change.note(GalleryAct.TEMPLATES_REPLACED, subject)

    def _labels(self) -> dict[SubjectRef, str]:
        labels = {}
        for subject, wrapped_key, sealed in self._database.read("SELECT subject, wrapped_key, label FROM person"):
            data_key = self._unwrap(subject, wrapped_key)
            labels[SubjectRef(subject)] = unseal(data_key, sealed, record_place(subject, "label")).decode()
        return labels

    def _insert(self, change: Change, person: PersonContents, created: dt.datetime) -> SubjectRef:
        subject = SubjectRef(f"p-{secrets.token_hex(16)}")
        data_key, connection, terms = new_data_key(), change.connection, person.terms
        connection.execute(
            "INSERT INTO person (subject, wrapped_key, label, consent_note, created, basis, consented, retain_until)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                subject,
                seal(self._key, data_key, record_place(subject, "data-key")),
                seal(data_key, person.label.encode(), record_place(subject, "label")),
                seal(data_key, person.consent_note.encode(), record_place(subject, "consent-note")),
                written(created),
                terms.basis.value,
                terms.consented and written(terms.consented),
                terms.retain_until and written(terms.retain_until),
            ),
        )
        _insert_templates(connection, subject, data_key, person.templates)
        insert_masked(connection, subject, data_key, person.masked)
        for crop in person.crops:
            sealed = seal(data_key, crop, record_place(subject, "crop"))
            connection.execute(
                "INSERT INTO crop (subject, nonce, picture) VALUES (?, ?, ?)",
                (subject, sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]),
            )
        change.mark(subject, data_key)
        return subject

    def _refuse_other_key(self, connection: sqlite3.Connection) -> None:
        """Return if the gallery is wrapped with our key; another process may have replaced it since we opened."""
        (found,) = connection.execute("SELECT check_value FROM gallery_key").fetchone()
        if not secrets.compare_digest(found, _check_value(self._key)):
            raise OtherGalleryKeyError(
                f"the gallery in {self._database.path} was made with another gallery key",
                hint="put the key back that belongs to this state folder; without it all must be enrolled again",
            )

    def _data_key(self, subject: SubjectRef) -> bytes:
        return self._unwrap(subject, self._wrapped_key(subject))

    def _wrapped_key(self, subject: SubjectRef) -> bytes:
        rows = self._database.read("SELECT wrapped_key FROM person WHERE subject = ?", (subject,))
        if not rows:
            raise UsageError("nobody has this reference", hint="see 'edge-gate people list'")
        return bytes(rows[0][0])

    def _unwrap(self, subject: SubjectRef, wrapped_key: bytes) -> bytes:
        return unseal(self._key, wrapped_key, record_place(subject, "data-key"))


def _refuse_unfit(person: PersonContents, created: dt.datetime) -> None:
    check_name(person.label)
    check_note(person.consent_note)
    person.terms.check(created)
    if not person.templates:
        raise UsageError("a person needs at least one template", hint="give a picture of the person")


def _check_value(gallery_key: bytes) -> bytes:
    return tagged_sha256(_KEY_CHECK_TAG, gallery_key)


def _insert_templates(
    connection: sqlite3.Connection, subject: SubjectRef, data_key: bytes, templates: Sequence[Embedding]
) -> None:
    for template in templates:
        bound = template.binding
        sealed = seal(data_key, pack_vector(template.vector), record_place(subject, "template", bound))
        connection.execute(
            "INSERT INTO template (subject, model_id, model_digest, recipe_digest, precision_class, vector)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (subject, bound.model_id, bound.model_digest, bound.recipe_digest, bound.precision_class, sealed),
        )
