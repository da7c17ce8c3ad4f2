"""Who is enrolled: encrypted names, consent notes, enrollment crops and templates, each template bound.

What joins a person's rows is a random reference; erasing a person destroys the one key that opens them.
"""

import datetime as dt
import secrets
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import final

from edge.domain.embedding import Binding, Embedding
from edge.domain.errors import TrustError, UsageError
from edge.domain.label import check_name, check_note
from edge.domain.mask_family import MaskFamily
from edge.domain.masked_template import MaskedTemplate
from edge.domain.match import SubjectRef
from edge.store.cipher import new_data_key, record_place, seal, unseal
from edge.store.database import Database, altered
from edge.store.masked_templates import SELECT_MASKED, SubjectMasked, insert_masked, open_masked
from edge.store.templates import SELECT_TEMPLATES, SubjectTemplates, open_templates, pack_vector
from edge.trust.canonical import tagged_sha256

_KEY_CHECK_TAG = "egate-gallery-key-check-v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An enrolled person, as the operator sees one.

    Attributes:
        subject: the reference that everything else uses.
        label: display name; kept out of reprs and so out of logs.
        consent_note: what the consent is and where; kept out likewise.
        created: when enrolled, UTC.
        templates: how many templates there are, over all models.
        crops: how many enrollment crops are kept.
        families: digests of the families of masks that there are occluded templates of.
    """

    subject: SubjectRef
    label: str = field(repr=False)
    consent_note: str = field(repr=False)
    created: dt.datetime
    templates: int
    crops: int
    families: frozenset[str] = frozenset()


@final
class Gallery:
    """The enrolled people. Threads: as ``Database``. Any method raises ``StoreError`` when SQLite fails."""

    def __init__(self, database: Database, gallery_key: bytes) -> None:
        """Use ``database`` with the 32-byte ``gallery_key``; a new database is tied to that key.

        Raises:
            TrustError: the database was made with another gallery key.
        """
        self._database = database
        self._key = gallery_key
        expected = tagged_sha256(_KEY_CHECK_TAG, gallery_key)
        with database.transaction() as connection:
            connection.execute(
                "INSERT INTO gallery_key (id, check_value) VALUES (1, ?) ON CONFLICT DO NOTHING", (expected,)
            )
            (found,) = connection.execute("SELECT check_value FROM gallery_key").fetchone()
        if not secrets.compare_digest(found, expected):
            raise TrustError(
                f"the gallery in {database.path} was made with another gallery key",
                hint="put the key back that belongs to this state folder; without it all must be enrolled again",
            )

    def enroll(
        self,
        *,
        label: str,
        consent_note: str,
        created: dt.datetime,
        templates: Sequence[Embedding],
        crops: Sequence[bytes] = (),
        masked: Sequence[MaskedTemplate] = (),
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

        Raises:
            UsageError: no label, no consent note, one that is too long or holds what does not show, no template, or
                the label is in use.
        """
        check_name(label)
        check_note(consent_note)
        if not templates:
            raise UsageError("a person needs at least one template", hint="give a picture of the person")
        subject = SubjectRef(f"p-{secrets.token_hex(16)}")
        data_key = new_data_key()
        with self._database.transaction() as connection:
            if self.find(label) is not None:
                raise UsageError(
                    "somebody is enrolled under this name already", hint="erase that entry first, or use another name"
                )
            connection.execute(
                "INSERT INTO person (subject, wrapped_key, label, consent_note, created) VALUES (?, ?, ?, ?, ?)",
                (
                    subject,
                    seal(self._key, data_key, record_place(subject, "data-key")),
                    seal(data_key, label.encode(), record_place(subject, "label")),
                    seal(data_key, consent_note.encode(), record_place(subject, "consent-note")),
                    created.astimezone(dt.UTC).isoformat(),
                ),
            )
            _insert_templates(connection, subject, data_key, templates)
            insert_masked(connection, subject, data_key, masked)
            place = record_place(subject, "crop")
            connection.executemany(
                "INSERT INTO crop (subject, picture) VALUES (?, ?)",
                ((subject, seal(data_key, crop, place)) for crop in crops),
            )
        return subject

    def people(self) -> tuple[Person, ...]:
        """Return everybody, in order of enrollment.

        Raises:
            TrustError: a record does not open.
        """
        rows = self._database.read(
            "SELECT subject, wrapped_key, label, consent_note, created,"
            " (SELECT count(*) FROM template WHERE template.subject = person.subject),"
            " (SELECT count(*) FROM crop WHERE crop.subject = person.subject)"
            " FROM person ORDER BY rowid"
        )
        families: dict[str, set[str]] = {}
        for subject, family in self._database.read("SELECT DISTINCT subject, family FROM masked_template"):
            families.setdefault(subject, set()).add(family)
        return tuple(
            replace(person, families=frozenset(families.get(person.subject, ())))
            for person in (self._person(*row) for row in rows)
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
        for subject, wrapped_key, sealed in self._database.read("SELECT subject, wrapped_key, label FROM person"):
            data_key = self._unwrap(subject, wrapped_key)
            if unseal(data_key, sealed, record_place(subject, "label")).decode() == label:
                return SubjectRef(subject)
        return None

    def load_templates(self, bindings: Mapping[str, Binding]) -> tuple[SubjectTemplates, ...]:
        """Return everybody's templates, one entry a person and model, in order of enrollment.

        Args:
            bindings: what the running models' embeddings are bound to, by model id.

        Raises:
            TrustError: somebody has templates bound otherwise, or lacks those of a model; nothing is loaded then.
                Or a record does not open.
        """
        return open_templates(self._database.read(SELECT_TEMPLATES), bindings, self._unwrap)

    def load_masked(
        self, families: Iterable[MaskFamily], bindings: Mapping[str, Binding]
    ) -> tuple[SubjectMasked, ...]:
        """Return the occluded templates of everybody who has them, one entry a person and family.

        Args:
            families: the masks asked for; all rows must open, whichever these are.
            bindings: what the running models' embeddings are bound to, by model id.

        Raises:
            TrustError: a record does not open, is bound otherwise, or some of a person's pictures are missing.
        """
        return open_masked(self._database.read(SELECT_MASKED), families, bindings, self._unwrap)

    def replace_masked(self, subject: SubjectRef, masked: Sequence[MaskedTemplate]) -> None:
        """Put occluded templates in place of all that ``subject`` has, in one transaction.

        Raises:
            UsageError: there is no such person.
            TrustError: the person's key does not open.
        """
        with self._database.transaction() as connection:
            data_key = self._data_key(subject)
            connection.execute("DELETE FROM masked_template WHERE subject = ?", (subject,))
            insert_masked(connection, subject, data_key, masked)

    def replace_templates(self, subject: SubjectRef, templates: Sequence[Embedding]) -> None:
        """Put ``templates``, at least one, in place of all that ``subject`` has, in one transaction.

        Occluded templates go too: they belong to the pictures of the ones that were there.

        Raises:
            UsageError: there is no such person, or no template.
            TrustError: the person's key does not open.
        """
        if not templates:
            raise UsageError("a person needs at least one template", hint="erase the person instead")
        with self._database.transaction() as connection:
            data_key = self._data_key(subject)
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
        rows = self._database.read("SELECT picture FROM crop WHERE subject = ? ORDER BY id", (subject,))
        place = record_place(subject, "crop")
        return tuple(unseal(data_key, picture, place) for (picture,) in rows)

    def erase(self, subject: SubjectRef) -> None:
        """Destroy the person's data key and all rows. Works on damaged records too.

        What the file and its log held is overwritten or cut off; a backup made before still holds it, and flash
        memory may keep old blocks, which full-disk encryption covers.

        Raises:
            UsageError: there is no such person.
            StoreError: as everywhere; or the rows are gone but the log, being read, could not be emptied yet.
        """
        with self._database.transaction() as connection:
            self._wrapped_key(subject)
            connection.execute("DELETE FROM person WHERE subject = ?", (subject,))
        self._database.scrub()

    def _data_key(self, subject: SubjectRef) -> bytes:
        return self._unwrap(subject, self._wrapped_key(subject))

    def _wrapped_key(self, subject: SubjectRef) -> bytes:
        rows = self._database.read("SELECT wrapped_key FROM person WHERE subject = ?", (subject,))
        if not rows:
            raise UsageError("nobody has this reference", hint="see 'edge-gate people list'")
        return bytes(rows[0][0])

    def _unwrap(self, subject: SubjectRef, wrapped_key: bytes) -> bytes:
        return unseal(self._key, wrapped_key, record_place(subject, "data-key"))

    def _person(
        self, subject: SubjectRef, wrapped_key: bytes, label: bytes, note: bytes, created: str, *counts: int
    ) -> Person:
        data_key = self._unwrap(subject, wrapped_key)
        templates, crops = counts
        return Person(
            subject=subject,
            label=unseal(data_key, label, record_place(subject, "label")).decode(),
            consent_note=unseal(data_key, note, record_place(subject, "consent-note")).decode(),
            created=_moment(created),
            templates=templates,
            crops=crops,
        )


def _moment(text: str) -> dt.datetime:
    """Return a stored moment, which must read exactly as ``enroll`` writes it."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise altered("a moment of enrollment is none") from error
    if moment.utcoffset() != dt.timedelta(0) or moment.isoformat() != text:
        raise altered("a moment of enrollment is not written as the gate writes it")
    return moment


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
