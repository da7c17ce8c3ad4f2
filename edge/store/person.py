"""One person's rows, opened: for whoever must look at the person, or prove every record."""

import datetime as dt
import sqlite3
from dataclasses import dataclass, field
from typing import Final

from edge.domain.consent import NO_TERMS, ConsentBasis, RetentionTerms
from edge.domain.embedding import Binding
from edge.domain.match import SubjectRef
from edge.store.cipher import record_place, unseal
from edge.store.database import Row, altered
from edge.store.masked_templates import masked_place
from edge.store.moments import moment_of
from edge.store.register import Unwrap

SELECT_PEOPLE: Final = (
    "SELECT subject, wrapped_key, label, consent_note, created, basis, consented, retain_until,"
    " (SELECT count(*) FROM template WHERE template.subject = person.subject),"
    " (SELECT count(*) FROM crop WHERE crop.subject = person.subject)"
    " FROM person ORDER BY rowid"
)
"""Everybody in order of enrollment; see ``opened_person``."""


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
        terms: what permits the enrollment, and until when.
    """

    subject: SubjectRef
    label: str = field(repr=False)
    consent_note: str = field(repr=False)
    created: dt.datetime
    templates: int
    crops: int
    families: frozenset[str] = frozenset()
    terms: RetentionTerms = NO_TERMS


def opened_person(row: Row, unwrap: Unwrap) -> Person:
    """Return the person of a row of ``SELECT_PEOPLE``, without their families of masks.

    Raises:
        TrustError: a record does not open.
    """
    subject, wrapped_key, label, note, created, basis, consented, retain_until, templates, crops = row
    data_key = unwrap(subject, wrapped_key)
    return Person(
        subject=subject,
        label=unseal(data_key, label, record_place(subject, "label")).decode(),
        consent_note=unseal(data_key, note, record_place(subject, "consent-note")).decode(),
        created=moment_of(created),
        templates=templates,
        crops=crops,
        terms=_terms(basis, consented, retain_until),
    )


def open_every_record(connection: sqlite3.Connection, subject: SubjectRef, data_key: bytes) -> None:
    """Open every record of a person, so that each is proven to be one that was sealed for its place.

    Raises:
        TrustError: one does not open.
    """
    ((label, note),) = connection.execute("SELECT label, consent_note FROM person WHERE subject = ?", (subject,))
    unseal(data_key, label, record_place(subject, "label"))
    unseal(data_key, note, record_place(subject, "consent-note"))
    templates = (
        "SELECT model_id, model_digest, recipe_digest, precision_class, vector FROM template WHERE subject = ?"
    )
    for *binding, vector in connection.execute(templates, (subject,)):
        unseal(data_key, vector, record_place(subject, "template", Binding(*binding)))
    for nonce, picture in connection.execute("SELECT nonce, picture FROM crop WHERE subject = ?", (subject,)):
        unseal(data_key, nonce + picture, record_place(subject, "crop"))
    masked = (
        "SELECT family, picture, model_id, model_digest, recipe_digest, precision_class, vectors"
        " FROM masked_template WHERE subject = ?"
    )
    for family, picture, *binding, vectors in connection.execute(masked, (subject,)):
        unseal(data_key, vectors, masked_place(subject, family, picture, Binding(*binding)))


def _terms(basis: str, consented: str | None, retain_until: str | None) -> RetentionTerms:
    if basis not in set(ConsentBasis):
        raise altered("the basis of an enrollment is none that the gate knows")
    return RetentionTerms(
        basis=ConsentBasis(basis),
        consented=moment_of(consented) if consented is not None else None,
        retain_until=moment_of(retain_until) if retain_until is not None else None,
    )
